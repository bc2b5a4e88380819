//! Which agents are there on a resource? The `agents` of a `[[resource]]`, and
//! those of an `[[enrolment]]` rule.

use std::collections::BTreeMap;

use crate::names::{AgentName, NameError};
use crate::registration::AgentSpec;
use crate::registration::rules::{MOST_AGENTS, parent_fault};

use super::reader::Section;

/// The agents of a resource: every parent is a root. `key` is their full key path. None at all are
/// allowed where `least` is 0, but never by leaving the key out: that is a mistake.
pub(super) fn read_all<'a>(
    resource: Section<'a>,
    key: &'a str,
    least: usize,
) -> Option<Vec<AgentSpec>> {
    if !resource.has("agents") {
        resource
            .problem("agents", format!("is missing; {least} to {MOST_AGENTS} agents belong here"));
        return None;
    }
    let sections: Vec<Section<'_>> = resource.tables(key).collect();
    let agents: Vec<Option<AgentSpec>> = sections.iter().copied().map(read).collect();
    let agents: Vec<AgentSpec> = agents.into_iter().collect::<Option<_>>()?;
    // A list that is no list was reported already.
    let count = resource.count("agents")?;
    if !(least..=MOST_AGENTS).contains(&count) {
        let rule = format!("found {count} agents; {least} to {MOST_AGENTS} are allowed");
        resource.problem("agents", rule);
        return None;
    }
    let unique = are_unique(&agents, &sections);
    let rooted = have_root_parents(&agents, &sections);
    (unique && rooted).then_some(agents)
}

fn read(section: Section<'_>) -> Option<AgentSpec> {
    let name = section.parse("name", AgentName::parse);
    let parent = section.parse("parent", |text| match text {
        "" => Ok::<_, NameError>(None),
        text => AgentName::parse(text).map(Some),
    });
    Some(AgentSpec { name: name?, parent: parent? })
}

fn are_unique(agents: &[AgentSpec], sections: &[Section<'_>]) -> bool {
    let mut seen = BTreeMap::new();
    let mut fine = true;
    for (agent, section) in agents.iter().zip(sections) {
        let name = agent.name.as_str().to_ascii_lowercase();
        fine &= section.is_first("name", name, &mut seen);
    }
    fine
}

fn have_root_parents(agents: &[AgentSpec], sections: &[Section<'_>]) -> bool {
    let mut fine = true;
    for (agent, section) in agents.iter().zip(sections) {
        if let Some(fault) = parent_fault(agent, agents) {
            section.problem("parent", fault);
            fine = false;
        }
    }
    fine
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, config};
    use super::*;

    fn resource(agents: &str) -> String {
        format!(
            "[[resource]]\nprovider = \"aws\"\ninstance_id = \"i-1\"\nname = \"n\"\nagents = {agents}\n"
        )
    }

    #[test]
    fn agents_keep_their_order_and_parents() {
        let text = resource(r#"[{ name = "sub", parent = "main" }, { name = "main" }]"#);
        let [resource] = config(&text).resources.try_into().unwrap();
        let name = |text| AgentName::parse(text).unwrap();
        let expected = [
            AgentSpec { name: name("sub"), parent: Some(name("main")) },
            AgentSpec { name: name("main"), parent: None },
        ];
        assert_eq!(resource.agents, expected);
    }

    /// As by the API: the machine is registered, and nobody logs in.
    #[test]
    fn a_resource_may_have_no_agents_and_a_rule_may_not() {
        let [resource] = config(&self::resource("[]")).resources.try_into().unwrap();
        assert!(resource.agents.is_empty());
        let rule =
            "[[enrolment]]\nname = \"r\"\nprovider = \"aws\"\naccounts = [\"123456789012\"]\n";
        for (agents, expected) in [
            ("agents = []", "a.toml:5: enrolment.agents: found 0 agents; 1 to 100 are allowed"),
            ("", "a.toml:1: enrolment.agents: is missing; 1 to 100 agents belong here"),
        ] {
            check(&format!("{rule}{agents}\n"), &[expected]);
        }
    }

    #[test]
    fn what_is_wrong_with_agents_is_told() {
        let many: Vec<String> = (0..101).map(|n| format!("{{ name = \"a{n}\" }}")).collect();
        let many = format!("[{}]", many.join(", "));
        for (agents, expected) in [
            (many.as_str(), "agents: found 101 agents; 0 to 100 are allowed"),
            (
                r#"[{ name = "-" }]"#,
                "agents.name: found \"-\"; an agent name is 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit",
            ),
            (
                r#"[{ name = "a" }, { name = "A" }]"#,
                "agents.name: a stands at a.toml:5 already; each may be there once",
            ),
            (
                r#"[{ name = "a" }, { name = "b", parent = "c" }]"#,
                "agents.parent: found \"c\", which is not an agent of this resource",
            ),
            (
                r#"[{ name = "a" }, { name = "b", parent = "A" }]"#,
                "agents.parent: found \"A\", which is not an agent of this resource",
            ),
            (
                r#"[{ name = "a", parent = "a" }]"#,
                "agents.parent: found \"a\", which is a sub-agent itself; a parent is an agent without a parent",
            ),
            (
                r#"[{ name = "a" }, { name = "b", parent = "a" }, { name = "c", parent = "b" }]"#,
                "agents.parent: found \"b\", which is a sub-agent itself; a parent is an agent without a parent",
            ),
        ] {
            check(&resource(agents), &[&format!("a.toml:5: resource.{expected}")]);
        }
    }
}
