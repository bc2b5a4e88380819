//! Which machines may register themselves? `[[enrolment]]`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::reader::Section;
use super::show::Show;
use super::token::not_blank;
use super::{agent, aws, azure};
use crate::duration::{Written, between};
use crate::names::{PLAIN_NAME, Provider, is_plain};
use crate::registration::EnrolmentRule;

/// The keys of an entry, with their types.
pub(super) const TEMPLATE: &str = r#"
[[enrolment]]
name = ""
provider = ""
accounts = []
subscriptions = []
projects = []
regions = []
image_ids = []
instance_types = []
skus = []
zones = []
max_age = ""
agents = [{ name = "", parent = "" }]
"#;

/// The keys that only one cloud's documents can answer.
const OF_ONE_CLOUD: [(&str, Provider); 7] = [
    ("regions", Provider::Aws),
    ("image_ids", Provider::Aws),
    ("instance_types", Provider::Aws),
    ("subscriptions", Provider::Azure),
    ("skus", Provider::Azure),
    ("projects", Provider::Google),
    ("zones", Provider::Google),
];

const YOUNGEST: Duration = Duration::from_secs(60);
const OLDEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// All rules, in their order; of two with one name, the second is reported.
pub(super) fn read_all(root: Section<'_>) -> Option<Vec<EnrolmentRule>> {
    let mut seen = BTreeMap::new();
    let mut rules = Vec::new();
    for section in root.tables("enrolment") {
        let name = section.parse("name", name);
        let first = name
            .as_ref()
            .is_some_and(|name: &String| section.is_first("name", name.clone(), &mut seen));
        let rule = read(section, name);
        rules.push(rule.filter(|_| first));
    }
    rules.into_iter().collect()
}

fn read(section: Section<'_>, name: Option<String>) -> Option<EnrolmentRule> {
    let provider = section.parse("provider", Provider::parse);
    let fits = provider.is_some_and(|provider| keys_are_of(section, provider));
    let accounts = accounts(section, provider);
    let set = |name| texts(section, name);
    let (regions, image_ids, instance_types) =
        (set("regions"), set("image_ids"), set("instance_types"));
    let (skus, zones) = (set("skus"), set("zones"));
    let max_age = max_age(section, provider);
    let agents = agent::read_all(section, "enrolment.agents", 1);
    let rule = EnrolmentRule {
        name: name?,
        provider: provider?,
        accounts: accounts?,
        regions: regions?,
        image_ids: image_ids?,
        instance_types: instance_types?,
        skus: skus?,
        zones: zones?,
        max_age: max_age?,
        agents: agents?,
    };
    fits.then_some(rule)
}

pub(super) fn show(rule: &EnrolmentRule, index: usize, show: &mut Show<'_>) {
    let EnrolmentRule {
        name,
        provider,
        accounts,
        regions,
        image_ids,
        instance_types,
        skus,
        zones,
        max_age,
        agents,
    } = rule;
    show.entry("enrolment", index);
    show.text("name", name);
    show.text("provider", provider);
    show.texts("accounts", accounts);
    // Other words for accounts: read into those.
    show.texts("subscriptions", [""; 0]);
    show.texts("projects", [""; 0]);
    show.texts("regions", regions);
    show.texts("image_ids", image_ids);
    show.texts("instance_types", instance_types);
    show.texts("skus", skus);
    show.texts("zones", zones);
    show.text("max_age", max_age.map_or(String::new(), |age| Written(age).to_string()));
    show.agents("agents", agents);
}

fn name(text: &str) -> Result<String, String> {
    match is_plain(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("a rule's name is {PLAIN_NAME}")),
    }
}

/// Whether every key that is given can be answered by this cloud. One that cannot would never
/// match, or worse, would be thought to narrow the rule.
fn keys_are_of(section: Section<'_>, provider: Provider) -> bool {
    let strange = OF_ONE_CLOUD
        .iter()
        .filter(|(name, of)| *of != provider && section.count(name).is_some_and(|count| count > 0));
    let strange: Vec<_> = strange.collect();
    for (name, of) in &strange {
        section.problem(name, format!("is for {of}; this rule is for {provider}"));
    }
    strange.is_empty()
}

type ReadAccount = fn(&str) -> Result<String, &'static str>;

/// The accounts, under the name that the cloud has for them or under the common one.
fn accounts(section: Section<'_>, provider: Option<Provider>) -> Option<BTreeSet<String>> {
    let (own_name, parse): (_, ReadAccount) = match provider? {
        Provider::Aws => ("accounts", aws::account),
        Provider::Azure => ("subscriptions", azure::guid),
        Provider::Google => ("projects", not_blank),
    };
    let common = section.list("accounts", |text, _| parse(text))?;
    let own = match own_name {
        "accounts" => Vec::new(),
        name => section.list(name, |text, _| parse(text))?,
    };
    if !own.is_empty() && !common.is_empty() {
        let text =
            format!("is another word for accounts, which stands here too; {own_name} will do");
        section.problem(own_name, text);
        return None;
    }
    let rule = "a rule names the accounts whose machines it lets in";
    let accounts = section.not_empty(own_name, Some([common, own].concat()), rule)?;
    Some(accounts.into_iter().collect())
}

fn texts(section: Section<'_>, name: &str) -> Option<BTreeSet<String>> {
    Some(section.list(name, |text, _| not_blank(text))?.into_iter().collect())
}

fn max_age(section: Section<'_>, provider: Option<Provider>) -> Option<Option<Duration>> {
    let age = section.parse("max_age", |text| match text {
        "" => Ok(None),
        text => between(YOUNGEST, OLDEST)(text).map(Some),
    })?;
    if age.is_some() && provider == Some(Provider::Azure) {
        section.problem(
            "max_age",
            "is not for azure: its documents do not tell when a machine was launched",
        );
        return None;
    }
    Some(age)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, config};
    use super::*;

    fn rule(provider: &str, rest: &str) -> String {
        format!(
            "[[enrolment]]\nname = \"r\"\nprovider = \"{provider}\"\nagents = [{{ name = \"main\" }}]\n{rest}\n"
        )
    }

    #[test]
    fn a_rule_is_read_with_what_it_names() {
        let rest = "accounts = [\"123456789012\"]\nregions = [\"eu-west-1\"]\nimage_ids = [\"ami-1\"]\nmax_age = \"1h\"";
        let [rule] = config(&rule("aws", rest)).enrolment.try_into().unwrap();
        assert_eq!((rule.name.as_str(), rule.provider), ("r", Provider::Aws));
        assert!(rule.accounts.contains("123456789012") && rule.regions.contains("eu-west-1"));
        assert!(rule.image_ids.contains("ami-1") && rule.instance_types.is_empty());
        assert_eq!(rule.max_age, Some(Duration::from_secs(3600)));
        assert_eq!(rule.agents.len(), 1);
    }

    #[test]
    fn accounts_go_by_the_name_that_the_cloud_has_for_them() {
        let guid = "8D10DA13-8125-4BA9-A717-BF7490507B3D";
        for (provider, key, account) in [
            ("azure", "accounts", guid),
            ("azure", "subscriptions", guid),
            ("google", "accounts", "build-farm"),
            ("google", "projects", "build-farm"),
        ] {
            let text = rule(provider, &format!("{key} = [\"{account}\"]"));
            let [rule] = config(&text).enrolment.try_into().unwrap();
            let account = if provider == "azure" { account.to_lowercase() } else { account.into() };
            assert_eq!(rule.accounts, BTreeSet::from([account]));
        }
    }

    #[test]
    fn a_rule_without_accounts_is_refused() {
        let expected = "found an empty list; a rule names the accounts whose machines it lets in";
        for (provider, key) in
            [("aws", "accounts"), ("azure", "subscriptions"), ("google", "projects")]
        {
            let line = 1;
            check(&rule(provider, ""), &[&format!("a.toml:{line}: enrolment.{key}: {expected}")]);
        }
    }

    #[test]
    fn what_a_cloud_cannot_tell_is_refused() {
        let aws = "accounts = [\"123456789012\"]";
        let google = "projects = [\"p\"]";
        let azure = "subscriptions = [\"8d10da13-8125-4ba9-a717-bf7490507b3d\"]";
        for (provider, accounts, key, expected) in [
            ("aws", aws, "skus = [\"s\"]", "skus: is for azure; this rule is for aws"),
            ("aws", aws, "zones = [\"z\"]", "zones: is for google; this rule is for aws"),
            ("google", google, "regions = [\"r\"]", "regions: is for aws; this rule is for google"),
            (
                "azure",
                azure,
                "max_age = \"1h\"",
                "max_age: is not for azure: its documents do not tell when a machine was launched",
            ),
            (
                "google",
                google,
                "accounts = [\"p\"]",
                "projects: is another word for accounts, which stands here too; projects will do",
            ),
            (
                "aws",
                aws,
                "max_age = \"1\"",
                "max_age: found \"1\"; allowed is a time from 1m to 3650d with its units, such as \"90s\", \"5m\" or \"1h30m\"",
            ),
        ] {
            let line = if expected.starts_with("projects") { 5 } else { 6 };
            let text = rule(provider, &format!("{accounts}\n{key}"));
            check(&text, &[&format!("a.toml:{line}: enrolment.{expected}")]);
        }
    }

    #[test]
    fn names_are_plain_and_unique() {
        let one = rule("aws", "accounts = [\"123456789012\"]");
        check(
            &(one.clone() + &one),
            &["a.toml:7: enrolment.name: r stands at a.toml:2 already; each may be there once"],
        );
        check(
            &one.replace("\"r\"", "\"a b\""),
            &[
                "a.toml:2: enrolment.name: found \"a b\"; a rule's name is 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit",
            ],
        );
    }
}
