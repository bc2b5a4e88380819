//! Which instances are registered from files? `[[resource]]`.
//!
//! Says what is to be there; what is there, and how the one becomes the other, is the directory's.

use std::collections::BTreeMap;

use crate::names::{InstanceId, Provider, ResourceName};
use crate::registration::ResourceSpec;
use crate::registration::rules::{account, label_faults, short_text};

use super::agent;
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

/// All entries; of two for one instance, the second is reported.
pub(super) fn read_all(root: Section<'_>) -> Option<Vec<ResourceSpec>> {
    let mut seen = BTreeMap::new();
    let mut resources = Vec::new();
    for section in root.tables("resource") {
        let instance = instance(section);
        let first = instance.as_ref().is_some_and(|(provider, instance_id)| {
            section.is_first("instance_id", format!("{provider} {instance_id}"), &mut seen)
        });
        let resource = read(section, instance);
        resources.push(resource.filter(|_| first));
    }
    resources.into_iter().collect()
}

fn read(section: Section<'_>, instance: Option<(Provider, InstanceId)>) -> Option<ResourceSpec> {
    let name = section.parse("name", ResourceName::parse);
    // Without a provider there is no resource either: any will do to find other faults.
    let provider = instance.as_ref().map_or(Provider::Aws, |(provider, _)| *provider);
    let account = section.parse("account", |text| account(provider, text));
    let generation = section.parse("generation", short_text);
    let labels = section.labels("labels").filter(|labels| labels_are_fine(section, labels));
    let agents = agent::read_all(section, "resource.agents", 0);
    let (provider, instance_id) = instance?;
    Some(ResourceSpec {
        provider,
        instance_id,
        name: name?,
        account: account?,
        generation: generation?,
        labels: labels?,
        agents: agents?,
    })
}

pub(super) fn show(resource: &ResourceSpec, index: usize, show: &mut Show<'_>) {
    let ResourceSpec { provider, instance_id, name, account, generation, labels, agents } =
        resource;
    show.entry("resource", index);
    show.text("provider", provider);
    show.text("instance_id", instance_id);
    show.text("name", name);
    show.text("account", account);
    show.text("generation", generation);
    show.labels("labels", labels);
    show.agents("agents", agents);
}

/// The instance is read by itself, so that a duplicate is found whatever else is wrong.
fn instance(section: Section<'_>) -> Option<(Provider, InstanceId)> {
    let provider = section.parse("provider", Provider::parse);
    // Without a provider the shape can be checked all the same: it is one for all.
    let instance_id = section
        .parse("instance_id", |text| InstanceId::parse(provider.unwrap_or(Provider::Aws), text));
    Some((provider?, instance_id?))
}

fn labels_are_fine(section: Section<'_>, labels: &BTreeMap<String, String>) -> bool {
    let faults = label_faults(labels);
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
