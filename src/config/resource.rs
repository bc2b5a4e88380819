//! Which instances are registered from files? `[[resource]]`.
//!
//! Says what is to be there; what is there, and how the one becomes the other, is the directory's.

use std::collections::BTreeMap;

use crate::names::{self, InstanceId, PLAIN_NAME, Provider, ResourceName};

use super::agent::{self, AgentSpec};
use super::reader::Section;
use super::show::Show;

/// The keys of an entry, with their types.
pub(super) const TEMPLATE: &str = r#"
[[resource]]
provider = ""
instance_id = ""
name = ""
account = ""
generation = ""
labels = {}
agents = [{ name = "", parent = "" }]
"#;

const MOST_LABELS: usize = 32;
const LONGEST_LABEL: usize = 256;
const LONGEST_TEXT: usize = 128;

/// One resource that is to be registered, with the agents that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceSpec {
    /// The cloud of the instance.
    pub provider: Provider,
    /// The instance; unique among the resources of one configuration, with its provider.
    pub instance_id: InstanceId,
    /// The name for people.
    pub name: ResourceName,
    /// The account that the instance must prove, up to 128 characters; empty: any.
    pub account: String,
    /// Up to 128 characters; another one retires the resource and begins a new one.
    pub generation: String,
    /// At most 32, with plain names for keys and values of up to 256 characters.
    pub labels: BTreeMap<String, String>,
    /// 1 to 100 agents, in the order of the file; every parent is a root agent among them.
    pub agents: Vec<AgentSpec>,
}

impl ResourceSpec {
    /// All entries; of two for one instance, the second is reported.
    pub(super) fn read_all(root: Section<'_>) -> Option<Vec<Self>> {
        let mut seen = BTreeMap::new();
        let mut resources = Vec::new();
        for section in root.tables("resource") {
            let instance = instance(section);
            let first = instance.as_ref().is_some_and(|(provider, instance_id)| {
                section.is_first("instance_id", format!("{provider} {instance_id}"), &mut seen)
            });
            let resource = Self::read(section, instance);
            resources.push(resource.filter(|_| first));
        }
        resources.into_iter().collect()
    }

    fn read(section: Section<'_>, instance: Option<(Provider, InstanceId)>) -> Option<Self> {
        let name = section.parse("name", ResourceName::parse);
        let account = section.parse("account", short);
        let generation = section.parse("generation", short);
        let labels = section.labels("labels").filter(|labels| labels_are_fine(section, labels));
        let agents = agent::read_all(section);
        let (provider, instance_id) = instance?;
        Some(Self {
            provider,
            instance_id,
            name: name?,
            account: account?,
            generation: generation?,
            labels: labels?,
            agents: agents?,
        })
    }

    pub(super) fn show(&self, index: usize, show: &mut Show<'_>) {
        let Self { provider, instance_id, name, account, generation, labels, agents } = self;
        show.entry("resource", index);
        show.text("provider", provider);
        show.text("instance_id", instance_id);
        show.text("name", name);
        show.text("account", account);
        show.text("generation", generation);
        show.labels("labels", labels);
        show.agents("agents", agents);
    }
}

/// The instance is read by itself, so that a duplicate is found whatever else is wrong.
fn instance(section: Section<'_>) -> Option<(Provider, InstanceId)> {
    let provider = section.parse("provider", Provider::parse);
    // Without a provider the shape can be checked all the same: it is one for all.
    let instance_id = section
        .parse("instance_id", |text| InstanceId::parse(provider.unwrap_or(Provider::Aws), text));
    Some((provider?, instance_id?))
}

fn short(text: &str) -> Result<String, String> {
    match text.chars().count() <= LONGEST_TEXT && !text.contains(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(format!("allowed are {LONGEST_TEXT} characters on one line")),
    }
}

fn labels_are_fine(section: Section<'_>, labels: &BTreeMap<String, String>) -> bool {
    let mut faults = Vec::new();
    if labels.len() > MOST_LABELS {
        faults.push(format!("found {} labels; {MOST_LABELS} are allowed", labels.len()));
    }
    for (key, value) in labels {
        if !names::is_plain(key) {
            faults.push(format!("found {key:?}; a label's key is {PLAIN_NAME}"));
        }
        if value.chars().count() > LONGEST_LABEL {
            faults.push(format!("the value of {key:?} is longer than {LONGEST_LABEL} characters"));
        }
    }
    let fine = faults.is_empty();
    faults.into_iter().for_each(|fault| section.problem("labels", fault));
    fine
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, config};

    fn resource(provider: &str, id: &str, rest: &str) -> String {
        format!(
            "[[resource]]\nprovider = \"{provider}\"\ninstance_id = \"{id}\"\nname = \"n\"\nagents = [{{ name = \"main\" }}]\n{rest}\n"
        )
    }

    #[test]
    fn what_is_left_out_is_empty() {
        let text = resource("azure", "AB-1", "");
        let [resource] = config(&text).resources.try_into().unwrap();
        assert_eq!(resource.instance_id.as_str(), "ab-1");
        assert_eq!((resource.account.as_str(), resource.generation.as_str()), ("", ""));
        assert!(resource.labels.is_empty());
    }

    #[test]
    fn one_instance_is_registered_once() {
        let text = resource("azure", "AB-1", "")
            + &resource("aws", "ab-1", "")
            + &resource("azure", "ab-1", "");
        check(
            &text,
            &[
                "a.toml:15: resource.instance_id: azure ab-1 stands at a.toml:3 already; each may be there once",
            ],
        );
    }

    #[test]
    fn what_is_wrong_with_a_resource_is_told() {
        let many: Vec<String> = (0..33).map(|n| format!("l{n} = \"\"")).collect();
        let many = format!("labels = {{ {} }}", many.join(", "));
        let long = format!("labels = {{ a = \"{}\" }}", "é".repeat(257));
        for (rest, expected) in [
            (many.as_str(), "labels: found 33 labels; 32 are allowed"),
            (long.as_str(), "labels: the value of \"a\" is longer than 256 characters"),
            ("labels = { a = 1 }", "labels.a: found the number 1; allowed is a text in quotes"),
            (
                "labels = { \"a b\" = \"\" }",
                "labels: found \"a b\"; a label's key is 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit",
            ),
            (
                "account = \"a\\n\"",
                "account: found \"a\\n\"; allowed are 128 characters on one line",
            ),
        ] {
            let text = resource("aws", "i-1", rest);
            check(&text, &[&format!("a.toml:6: resource.{expected}")]);
        }
    }
}
