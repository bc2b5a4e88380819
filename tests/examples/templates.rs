//! The Terraform templates: what their machines run on first boot is a script that a shell takes,
//! names both agents and holds no secret.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(super) const TEMPLATES: [(&str, &str); 3] =
    [("aws-multi-agent", "aws"), ("azure-multi-agent", "azure"), ("gcp-multi-agent", "google")];

pub(super) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn read(path: &str) -> String {
    fs::read_to_string(examples().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands behind `name =` on a line of its own.
fn attribute<'t>(text: &'t str, name: &str) -> &'t str {
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    });
    value.unwrap_or_else(|| panic!("no {name} in\n{text}"))
}

/// What the script's places are filled with, for these agents on a machine of this cloud.
pub(super) fn values(cloud: &str, agents: &[&str]) -> [(&'static str, String); 6] {
    [
        ("agents", agents.join(" ")),
        ("auth", format!("{cloud}-instance-identity")),
        ("broker_url", "https://callsign.example:8443".to_owned()),
        ("download_url", "https://downloads.example/callsign?v=1&x=%20".to_owned()),
        ("download_sha256", "0f".repeat(32)),
        ("unit", read("systemd/callsign-agent@.service")),
    ]
}

/// The script as Terraform renders it for this template.
pub(super) fn boot(template: &str) -> String {
    let main = read(&format!("{template}/main.tf"));
    let agents: Vec<&str> = serde_json::from_str(attribute(&main, "agents")).unwrap();
    let cloud: String = serde_json::from_str(attribute(&main, "cloud")).unwrap();
    let values = values(&cloud, &agents);
    let script = read("agents-module/boot.sh.tftpl");
    for place in script.split("${").skip(1) {
        let name = place.split('}').next().unwrap();
        assert!(values.iter().any(|(known, _)| *known == name), "no value for {name}");
    }
    values.iter().fold(script, |script, (name, value)| {
        let place = format!("${{{name}}}");
        assert!(script.contains(&place), "the script has no use for {name}");
        script.replace(&place, value)
    })
}

fn is_shell(script: &str) -> bool {
    let mut shell = Command::new("sh").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    // One that has found a mistake does not read on.
    let _ = shell.stdin.take().unwrap().write_all(script.as_bytes());
    shell.wait().unwrap().success()
}

#[test]
fn every_machine_boots_by_a_script_that_a_shell_takes() {
    for (template, _) in TEMPLATES {
        let script = boot(template);
        assert!(is_shell(&script), "{template}:\n{script}");
        assert!(!is_shell(&script.replace("\ndone", "\nend")), "sh -n takes anything");
    }
}

#[test]
fn every_template_starts_both_agents_of_its_cloud_by_name() {
    for (template, cloud) in TEMPLATES {
        let script = boot(template);
        assert!(script.contains("\nfor name in main dev; do\n"), "{template}:\n{script}");
        assert!(
            script.contains(r#"systemctl enable --now --no-block "callsign-agent@$name.service""#)
        );
        assert!(script.contains(&format!("\nCALLSIGN_AUTH={cloud}-instance-identity\n")));
        // From the unit's own name: sudo clears the environment.
        assert!(script.contains("\nEnvironment=CALLSIGN_AGENT_NAME=%i\n"), "{template}:\n{script}");
    }
}

#[test]
fn a_script_fits_into_the_user_data_of_every_cloud() {
    // EC2 takes 16 KiB, the others more.
    let longest = TEMPLATES.map(|(template, _)| boot(template).len()).into_iter().max();
    assert!(longest < Some(16 * 1024), "{longest:?}");
}

/// The names that are declared so in the file, as `variable "name"`.
fn declared(file: &str, kind: &str) -> BTreeSet<String> {
    let text = read(file);
    let names = text.lines().filter_map(|line| line.strip_prefix(kind)?.split('"').nth(1));
    names.map(str::to_owned).collect()
}

/// The names that stand behind this in any of the folder's files.
fn used(folder: &str, prefix: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let files = ["main.tf", "network.tf", "outputs.tf"].map(|file| format!("{folder}/{file}"));
    let files = files.iter().filter(|file| examples().join(file).exists()).map(|file| read(file));
    let names = |text: String| -> Vec<String> {
        let rests = text.split(prefix).skip(1);
        rests.map(|rest| rest.chars().take_while(|c| is_name(*c)).collect()).collect()
    };
    files.flat_map(names).collect()
}

/// What `terraform validate` would say, if it could have the clouds' providers.
#[test]
fn every_template_uses_what_is_declared_and_gives_the_module_all_that_it_asks_for() {
    let variables = |folder: &str| declared(&format!("{folder}/variables.tf"), "variable ");
    assert_eq!(used("agents-module", "var."), variables("agents-module"));
    let outputs = declared("agents-module/outputs.tf", "output ");
    for (template, _) in TEMPLATES {
        assert_eq!(used(template, "var."), variables(template), "{template}");
        let taken = used(template, "module.agents.");
        assert!(taken.contains("boot") && taken.is_subset(&outputs), "{template}: {taken:?}");
        let main = read(&format!("{template}/main.tf"));
        let module = main.split("module \"agents\" {").nth(1).unwrap().split("\n}").next().unwrap();
        let mut given: BTreeSet<String> = module
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()))
            .collect();
        assert!(given.remove("source"), "{template}");
        assert_eq!(given, variables("agents-module"), "{template}");
    }
}

#[test]
fn every_template_takes_what_all_share_from_the_module() {
    for (template, _) in TEMPLATES {
        let main = read(&format!("{template}/main.tf"));
        assert!(main.contains("source = \"../agents-module\"\n"), "{template}");
        assert!(main.contains("module.agents.boot"), "{template}");
        assert!(attribute(&main, "instance_id").contains(".this."), "{template}");
        for heading in ["You need", "What it makes", "Verify", "When it does not work", "Clean up"]
        {
            let readme = read(&format!("{template}/README.md"));
            assert!(readme.contains(&format!("\n## {heading}\n")), "{template}: {heading}");
        }
    }
}

#[test]
fn no_template_takes_a_token() {
    let folders = fs::read_dir(examples()).unwrap().map(|entry| entry.unwrap().path());
    let folders = folders.filter(|path| path.is_dir());
    for file in folders.flat_map(|folder| fs::read_dir(folder).unwrap()) {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "tf" || kind == "tftpl") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
            let taken: Vec<&str> = code.filter(|line| line.contains("OPERATOR_TOKEN")).collect();
            assert!(taken.is_empty(), "{}: {taken:?}", path.display());
        }
    }
}

#[test]
fn the_metadata_service_of_the_ec2_instance_takes_version_2_only_and_one_hop() {
    let main = read("aws-multi-agent/main.tf");
    assert_eq!(attribute(&main, "http_tokens"), r#""required""#);
    assert_eq!(attribute(&main, "http_put_response_hop_limit"), "1");
    assert_eq!(attribute(&main, "encrypted"), "true");
}
