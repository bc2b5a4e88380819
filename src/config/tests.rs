//! The configuration as a whole: layers, faults, and `config/default.toml` held equal to the code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::problem::Problems;
use super::schema::{self, DEFAULTS, Fields, Shape};
use super::*;

fn load(files: &[(&str, &str)], env: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let files = files.iter().map(|(path, text)| (Path::new(*path), *text));
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(files, env)
}

fn printed(errors: &ConfigErrors) -> Vec<String> {
    errors.problems().iter().map(Problem::to_string).collect()
}

/// The faults of one file `a.toml`, as they are printed.
pub(super) fn faults(text: &str) -> Vec<String> {
    match load(&[("a.toml", text)], &[]) {
        Ok(_) => Vec::new(),
        Err(errors) => printed(&errors),
    }
}

/// The configuration of one file `conf/a.toml`.
pub(super) fn config(text: &str) -> Config {
    load(&[("conf/a.toml", text)], &[]).unwrap()
}

/// Holds one file to its faults, or with none of them to having none.
#[track_caller]
pub(super) fn check(text: &str, expected: &[&str]) {
    assert_eq!(faults(text), expected, "{text}");
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = load(&[], &[]).unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:7480");
    assert_eq!(config.http.public_url, "http://127.0.0.1:7480");
    assert_eq!(config.http.workers, 0);
    assert_eq!(config.database.url, "sqlite://callsign.db?mode=rwc");
    assert_eq!(config.token.lifetime, Duration::from_secs(3600));
    assert_eq!(config.token.audience, ["callsign"]);
    assert_eq!(config.token.issuer, config.http.public_url);
    assert_eq!(config.token.sealing_key_file, Some(PathBuf::from("callsign.db.sealing-key")));
    assert_eq!(config.identity.clock_leeway, Duration::from_secs(60));
    let Aws { enabled, accept, accounts, regions, trust } = config.identity.aws;
    assert!(enabled && accounts.is_empty() && regions.is_empty());
    assert_eq!(accept, [AwsKind::Rsa2048, AwsKind::Rsa1024]);
    assert_eq!(trust, [TrustSource::Builtin]);
    assert_eq!(config.identity.azure.clouds, [AzureCloud::Public]);
    assert_eq!(config.identity.google.audiences, ["http://127.0.0.1:7480"]);
    assert_eq!(config.identity.google.keys_file, None);
    assert_eq!(config.limits, Limits { instance_rate: 1_000, instance_burst: 60_000 });
    assert_eq!(config.log.format, LogFormat::Text);
    assert!(config.operators.is_empty() && config.resources.is_empty());
}

#[test]
fn later_layers_win() {
    let a =
        "[http]\nworkers = 1\nlisten = \"1.1.1.1:1\"\n[identity.aws]\nregions = [\"eu-west-1\"]";
    let b = "http.workers = 2\n[identity.aws]\nregions = [\"eu-west-2\"]";
    let config = load(&[("a", a), ("b", b)], &[("CALLSIGN_HTTP__WORKERS", "3")]).unwrap();
    assert_eq!(config.http.workers, 3);
    assert_eq!(config.http.listen.to_string(), "1.1.1.1:1");
    assert_eq!(config.identity.aws.regions, ["eu-west-2"]);
    assert_eq!(config.token.audience, ["callsign"]);
}

#[test]
fn lists_of_tables_add_up() {
    let resource = |id: &str| {
        format!(
            "[[resource]]\nprovider = \"aws\"\ninstance_id = \"{id}\"\nname = \"n\"\nagents = [{{ name = \"main\" }}]\n"
        )
    };
    let (a, b) = (resource("i-1") + &resource("i-2"), resource("i-3"));
    let config = load(&[("a", &a), ("none", ""), ("b", &b)], &[]).unwrap();
    let ids: Vec<&str> = config.resources.iter().map(|r| r.instance_id.as_str()).collect();
    assert_eq!(ids, ["i-1", "i-2", "i-3"]);

    let errors = load(&[("a", &a), ("b", &a)], &[]).unwrap_err();
    assert_eq!(
        printed(&errors),
        [
            "b:3: resource.instance_id: aws i-1 stands at a:3 already; each may be there once",
            "b:8: resource.instance_id: aws i-2 stands at a:8 already; each may be there once",
        ]
    );
}

#[test]
fn ten_faults_in_two_files_and_the_environment_are_ten_problems() {
    let a = r#"
[http]
listen = "localhost"
lissten = "127.0.0.1:1"
workers = "four"

[token]
lifetime = 3600

[identity.aws]
accounts = ["123456789012", "42"]
"#;
    let b = r#"
[log]
format = json

[identity.azure]
clouds = ["moon"]

[[resource]]
provider = "aws"
instance_id = "i-0abc"
name = "build-7"
agents = [
    { name = "main" },
    { name = "Main" },
]
"#;
    let env = [
        ("CALLSIGN_IDENTITY__AWS__ENABLED", "yes"),
        ("CALLSIGN_HTTP_LISTEN", "127.0.0.1:7480"),
        ("PATH", "/bin"),
    ];
    let errors = load(&[("a.toml", a), ("conf/b.toml", b)], &env).unwrap_err();
    assert_eq!(
        printed(&errors),
        [
            r#"a.toml:3: http.listen: found "localhost"; allowed is an IP address and a port, such as "127.0.0.1:7480""#,
            "a.toml:4: http.lissten: unknown key; did you mean listen? allowed here: listen, public_url, workers",
            r#"a.toml:5: http.workers: found a text; allowed is a whole number"#,
            "a.toml:8: token.lifetime: found the number 3600; allowed is a text in quotes",
            r#"a.toml:11: identity.aws.accounts: found "42"; an AWS account is 12 digits"#,
            "conf/b.toml:3: format: is no TOML: string values must be quoted, expected literal string",
            r#"conf/b.toml:6: identity.azure.clouds: found "moon"; allowed is public, usgovernment, china"#,
            "conf/b.toml:14: resource.agents.name: main stands at conf/b.toml:13 already; each may be there once",
            "CALLSIGN_HTTP_LISTEN: two underscores stand between section and key: CALLSIGN_HTTP__LISTEN",
            r#"CALLSIGN_IDENTITY__AWS__ENABLED: identity.aws.enabled: found "yes"; allowed is true or false"#,
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_like_the_others() {
    let missing = PathBuf::from("no/such/file.toml");
    let env = [("CALLSIGN_HTTP__WORKERS".to_owned(), "x".to_owned())];
    let errors = Config::load(&[missing], env).unwrap_err();
    let printed = printed(&errors);
    assert_eq!(printed.len(), 2);
    assert!(printed[0].starts_with("no/such/file.toml: cannot be read: "), "{printed:?}");
}

#[test]
fn no_secret_is_printed() {
    let url = "postgres://callsign:hunter2@db.example/callsign?sslpassword=hunter2";
    let text = format!(
        "[database]\nurl = \"{url}\"\n[[operator]]\nname = \"ci\"\ntoken_sha256 = \"{}\"\nscopes = [\"read\"]\n",
        "ab".repeat(32)
    );
    let config = config(&text);
    let shown = config.effective().to_string();
    assert_eq!(config.database.url, url);
    assert!(!shown.contains("hunter2") && shown.contains("db.example"), "{shown}");
    assert!(shown.contains("abababababab…"), "{shown}");
    assert!(!format!("{config:?}").contains("hunter2"));

    let broken = [
        "[database]\nurl = \"mysql://callsign:hunter2@db.example\"",
        "[database]\nurl = \"postgres://callsign:hun/ter2@db.example\"",
        "[database]\nurl = \"postgres://callsign:hunter2@db.example",
        "database = \"postgres://callsign:hunter2@db.example\"",
        "[[operator]]\nname = \"ci\"\ntoken_sha256 = \"hunter2\"\nscopes = [\"read\"]",
    ];
    for text in broken {
        let faults = faults(text);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(!faults[0].contains("ter2"), "{faults:?}");
    }
}

#[test]
fn what_is_in_effect_says_where_it_came_from() {
    let text =
        "\n[token]\naudience = [\"a\"]\nissuer = \"\"\n[identity.aws]\ntrust = [\"t.toml\"]\n";
    let env = [("CALLSIGN_HTTP__PUBLIC_URL", "https://b.example/")];
    let config = load(&[("conf/a.toml", text)], &env).unwrap();
    let shown = config.effective().to_string();
    for line in [
        "listen = \"127.0.0.1:7480\"  # default",
        "public_url = \"https://b.example\"  # CALLSIGN_HTTP__PUBLIC_URL",
        "audience = [\"a\"]  # conf/a.toml:3",
        "issuer = \"https://b.example\"  # conf/a.toml:4",
        "trust = [\"conf/t.toml\"]  # conf/a.toml:6",
        "\n[identity.aws]",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
}

/// The commented examples at the end of `config/default.toml`, without their hashes.
fn examples() -> String {
    let lines = DEFAULTS.lines().skip_while(|line| *line != "# [[operator]]");
    let uncommented = lines.filter_map(|line| line.strip_prefix("# "));
    let toml = uncommented.filter(|line| line.starts_with('[') || line.contains(" = "));
    toml.collect::<Vec<_>>().join("\n")
}

fn keys(fields: &Fields, parent: &str, into: &mut BTreeSet<String>) {
    for (name, shape) in fields {
        let key = schema::path(parent, name);
        match shape {
            Shape::Table(fields) => keys(fields, &key, into),
            Shape::Tables(fields) if parent.is_empty() => keys(fields, &key, into),
            _ => {
                into.insert(key);
            }
        }
    }
}

/// `show` takes every typed struct apart without `..`, so what it shows is what the code has.
#[test]
fn the_default_file_and_the_code_have_the_same_keys() {
    let problems = Problems::default();
    let mut in_file = BTreeSet::new();
    keys(&schema::schema(&problems), "", &mut in_file);
    let config = config(&examples());
    assert_eq!((config.operators.len(), config.resources.len(), config.enrolment.len()), (1, 1, 1));
    let shown = config.effective();
    let in_code = shown.settings().iter().map(|setting| {
        let section = setting.section.trim_end_matches("[0]");
        schema::path(section, &setting.key)
    });
    assert_eq!(in_file, in_code.collect());
}

/// What is shown is a configuration again, but for what is hidden in it.
#[test]
fn what_is_shown_can_be_read_again() {
    let text = examples();
    let (resource, operator) =
        (text.find("[[resource]]").unwrap(), text.find("[[operator]]").unwrap());
    assert!(operator < resource);
    let first = load(&[("a.toml", &text[resource..])], &[]).unwrap();
    let shown = first.effective().to_string();
    let second = load(&[("b.toml", &shown)], &[]).unwrap();
    assert_eq!(first.resources, second.resources);
    assert_eq!(first.enrolment, second.enrolment);
    assert_eq!((first.http, first.token), (second.http, second.token));
    assert_eq!((first.database, first.log), (second.database, second.log));
    assert_eq!(first.identity, second.identity);
}

proptest::proptest! {
    /// Broken text is told where it stands, and never takes the process with it.
    #[test]
    fn any_text_is_read_or_refused(text in "([a-z_.]{1,8}|http|resource|[\\[\\]{}=\"'#,\\n\\n\\n 0-9é]){0,40}") {
        if let Err(errors) = load(&[("a.toml", &text)], &[]) {
            let lines = text.matches('\n').count() + 1;
            for problem in errors.problems() {
                let Origin::File { line: Some(line), .. } = problem.origin else {
                    panic!("{problem} of {text:?}");
                };
                assert!((1..=lines).contains(&line), "{problem} of {text:?}");
            }
        }
    }
}
