//! What must change for a registration to equal what was declared? A plan, as a pure function of
//! what is and what shall be.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::registration::{AgentSpec, ResourceSpec};

/// A live resource as it is, with all of its live agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The account that must be proven.
    pub account: String,
    /// Which build of the machine it is.
    pub generation: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its live agents, sub-agents included.
    pub agents: Vec<CurrentAgent>,
}

/// A live agent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentAgent {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The agent it belongs to.
    pub parent_id: Option<Uuid>,
}

/// What must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing is live: begin.
    Create,
    /// Another generation is live: retire it with all it has, and begin.
    Replace,
    /// The same generation is live: change these, if any.
    Adjust(Adjustment),
}

/// The difference within one generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// Properties of the resource itself that differ, by name.
    pub properties: Vec<&'static str>,
    /// Agents to retire.
    pub retire: Vec<CurrentAgent>,
    /// Agents to add, parents before their children.
    pub add: Vec<AgentSpec>,
}

impl Adjustment {
    /// Whether everything is as declared already.
    pub fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.retire.is_empty() && self.add.is_empty()
    }
}

/// Plans the way from what is to what shall be.
pub fn plan(current: Option<&Current>, wanted: &ResourceSpec) -> Plan {
    match current {
        None => Plan::Create,
        Some(current) if current.generation != wanted.generation => Plan::Replace,
        Some(current) => Plan::Adjust(adjustment(current, wanted)),
    }
}

/// All declared agents, parents before their children.
pub fn parents_first(agents: &[AgentSpec]) -> Vec<AgentSpec> {
    let (roots, children): (Vec<_>, Vec<_>) =
        agents.iter().cloned().partition(|agent| agent.parent.is_none());
    roots.into_iter().chain(children).collect()
}

fn adjustment(current: &Current, wanted: &ResourceSpec) -> Adjustment {
    let is_kept = |agent: &CurrentAgent| {
        let parent = parent_name(current, agent);
        let is_root_kept = |name: &str| wanted.agents.iter().any(|spec| is_root(spec, name));
        wanted.agents.iter().any(|spec| is_same(spec, &agent.name, parent))
            // A sub-agent goes with its parent, even when both are declared anew.
            && parent.is_none_or(is_root_kept)
    };
    let is_there = |spec: &AgentSpec| {
        current
            .agents
            .iter()
            .any(|agent| is_same(spec, &agent.name, parent_name(current, agent)) && is_kept(agent))
    };
    Adjustment {
        properties: changed_properties(current, wanted),
        retire: current.agents.iter().filter(|agent| !is_kept(agent)).cloned().collect(),
        add: parents_first(&wanted.agents).into_iter().filter(|spec| !is_there(spec)).collect(),
    }
}

/// An agent is the same one while its name, with its case, and its parent are.
fn is_same(spec: &AgentSpec, name: &str, parent: Option<&str>) -> bool {
    spec.name.as_str() == name && spec.parent.as_ref().map(|parent| parent.as_str()) == parent
}

fn is_root(spec: &AgentSpec, name: &str) -> bool {
    is_same(spec, name, None)
}

fn parent_name<'a>(current: &'a Current, agent: &CurrentAgent) -> Option<&'a str> {
    let parent = agent.parent_id?;
    current.agents.iter().find(|other| other.id == parent).map(|other| other.name.as_str())
}

fn changed_properties(current: &Current, wanted: &ResourceSpec) -> Vec<&'static str> {
    let differences = [
        ("name", current.name != wanted.name.as_str()),
        ("account", current.account != wanted.account),
        ("labels", current.labels != wanted.labels),
    ];
    differences.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{AgentName, InstanceId, Provider, ResourceName};

    fn spec(name: &str, parent: Option<&str>) -> AgentSpec {
        let parse = |name: &str| AgentName::parse(name).unwrap();
        AgentSpec { name: parse(name), parent: parent.map(parse) }
    }

    fn wanted(generation: &str, agents: &[(&str, Option<&str>)]) -> ResourceSpec {
        ResourceSpec {
            provider: Provider::Aws,
            instance_id: InstanceId::parse(Provider::Aws, "i-0abc").unwrap(),
            name: ResourceName::parse("build-7").unwrap(),
            account: String::new(),
            generation: generation.to_owned(),
            labels: BTreeMap::new(),
            agents: agents.iter().map(|(name, parent)| spec(name, *parent)).collect(),
        }
    }

    fn current(agents: &[(u128, &str, Option<u128>)]) -> Current {
        Current {
            id: Uuid::nil(),
            name: "build-7".to_owned(),
            account: String::new(),
            generation: "1".to_owned(),
            labels: BTreeMap::new(),
            agents: agents
                .iter()
                .map(|(id, name, parent)| CurrentAgent {
                    id: Uuid::from_u128(*id),
                    name: (*name).to_owned(),
                    parent_id: parent.map(Uuid::from_u128),
                })
                .collect(),
        }
    }

    #[test]
    fn nothing_live_begins_and_another_generation_begins_anew() {
        let wanted = wanted("2", &[("main", None)]);
        assert_eq!(plan(None, &wanted), Plan::Create);
        assert_eq!(plan(Some(&current(&[(1, "main", None)])), &wanted), Plan::Replace);
    }

    /// What is, what shall be; names retired, names added.
    #[test]
    fn agents_are_kept_added_and_retired() {
        let table: [(&[_], &[_], &[&str], &[&str]); 7] = [
            (&[(1, "main", None)], &[("main", None)], &[], &[]),
            (&[(1, "main", None)], &[("main", None), ("dev", None)], &[], &["dev"]),
            (&[(1, "main", None), (2, "dev", None)], &[("dev", None)], &["main"], &[]),
            // Another case is another name: it selects differently.
            (&[(1, "main", None)], &[("Main", None)], &["main"], &["Main"]),
            // A sub-agent that becomes a root is another agent: it may log in by itself now.
            (
                &[(1, "main", None), (2, "sub", Some(1))],
                &[("main", None), ("sub", None)],
                &["sub"],
                &["sub"],
            ),
            // A parent that is retired takes its sub-agent along.
            (
                &[(1, "main", None), (2, "sub", Some(1))],
                &[("sub", Some("Main")), ("Main", None)],
                &["main", "sub"],
                &["Main", "sub"],
            ),
            (
                &[(1, "main", None), (2, "sub", Some(1))],
                &[("sub", Some("main")), ("main", None)],
                &[],
                &[],
            ),
        ];
        for (is, shall, retired, added) in table {
            let Plan::Adjust(change) = plan(Some(&current(is)), &wanted("1", shall)) else {
                panic!("{is:?} to {shall:?} is no adjustment");
            };
            let retires: Vec<&str> =
                change.retire.iter().map(|agent| agent.name.as_str()).collect();
            let adds: Vec<&str> = change.add.iter().map(|spec| spec.name.as_str()).collect();
            assert_eq!((retires.as_slice(), adds.as_slice()), (retired, added), "{is:?} {shall:?}");
        }
    }

    #[test]
    fn a_changed_property_is_named() {
        let mut wanted = wanted("1", &[("main", None)]);
        wanted.account = "123456789012".to_owned();
        wanted.labels.insert("team".to_owned(), "blue".to_owned());
        let Plan::Adjust(change) = plan(Some(&current(&[(1, "main", None)])), &wanted) else {
            panic!("no adjustment");
        };
        assert_eq!(change.properties, ["account", "labels"]);
        assert!(!change.is_empty());
    }
}
