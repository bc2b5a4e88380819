//! What would a deployment change? The plans of all declared resources, and what has left the
//! configuration, as a pure function of what is declared and what is live.

use std::collections::HashMap;

use super::converge::{Adjustment, Current, Plan, parents_first, plan};
use crate::names::{AgentName, InstanceId, Provider};
use crate::registration::{Origin, Registrar, ResourceSpec};

/// A machine, as registrations are told apart.
pub type Machine = (Provider, InstanceId);

/// A live resource and who registered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Who may change it.
    pub origin: Origin,
    /// The resource.
    pub current: Current,
}

/// What a deployment would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// What would be different, in the order of the configuration; what has left it comes last.
    pub changes: Vec<Change>,
    /// Declared resources that are as declared already.
    pub unchanged: usize,
}

/// What a deployment would do to one machine's registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: InstanceId,
    /// What people call it.
    pub name: String,
    /// What would happen.
    pub kind: ChangeKind,
}

/// The kinds of change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It would be registered, with these agents.
    Add {
        /// The agents.
        agents: Vec<AgentName>,
    },
    /// It would be retired with all it has, and begun anew.
    Replace {
        /// The generation that is live.
        from: String,
        /// The generation that is declared.
        to: String,
        /// The new one's agents.
        agents: Vec<AgentName>,
    },
    /// It would be changed in place.
    Adjust(Adjustment),
    /// It has left the configuration, and would be retired.
    Retire,
    /// It was registered by somebody else, who keeps it: nothing would be done.
    Keep {
        /// Who that is.
        owner: Origin,
    },
}

/// Compares what is declared with what is live: the live resources of all declared machines, and
/// all that came from the configuration.
pub fn preview(declared: &[ResourceSpec], mut live: HashMap<Machine, Registered>) -> Preview {
    let mut preview = Preview::default();
    for spec in declared {
        let machine = (spec.provider, spec.instance_id.clone());
        match change(spec, live.remove(&machine)) {
            Some(kind) => preview.changes.push(Change {
                provider: spec.provider,
                instance_id: spec.instance_id.clone(),
                name: spec.name.as_str().to_owned(),
                kind,
            }),
            None => preview.unchanged += 1,
        }
    }
    let mut left: Vec<Change> = live
        .into_iter()
        .filter(|(_, registered)| Registrar::File.may_change(registered.origin))
        .map(|((provider, instance_id), Registered { current, .. })| Change {
            provider,
            instance_id,
            name: current.name,
            kind: ChangeKind::Retire,
        })
        .collect();
    left.sort_by(|a, b| (a.provider, &a.instance_id).cmp(&(b.provider, &b.instance_id)));
    preview.changes.append(&mut left);
    preview
}

fn change(spec: &ResourceSpec, live: Option<Registered>) -> Option<ChangeKind> {
    let agents = || parents_first(&spec.agents).into_iter().map(|agent| agent.name).collect();
    let Some(Registered { origin, current }) = live else {
        return Some(ChangeKind::Add { agents: agents() });
    };
    if !Registrar::File.may_change(origin) {
        return Some(ChangeKind::Keep { owner: origin });
    }
    match plan(Some(&current), spec) {
        Plan::Create => Some(ChangeKind::Add { agents: agents() }),
        Plan::Replace => Some(ChangeKind::Replace {
            from: current.generation,
            to: spec.generation.clone(),
            agents: agents(),
        }),
        Plan::Adjust(change) if change.is_empty() => None,
        Plan::Adjust(change) => Some(ChangeKind::Adjust(change)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::converge::CurrentAgent;
    use super::*;
    use crate::names::ResourceName;
    use crate::registration::AgentSpec;
    use std::collections::BTreeMap;
    use uuid::Uuid;

    fn id(text: &str) -> InstanceId {
        InstanceId::parse(Provider::Aws, text).unwrap()
    }

    fn spec(instance_id: &str, generation: &str, agents: &[&str]) -> ResourceSpec {
        let agent = |name: &&str| AgentSpec { name: AgentName::parse(name).unwrap(), parent: None };
        ResourceSpec {
            provider: Provider::Aws,
            instance_id: id(instance_id),
            name: ResourceName::parse("build-7").unwrap(),
            account: String::new(),
            generation: generation.to_owned(),
            labels: BTreeMap::new(),
            agents: agents.iter().map(agent).collect(),
        }
    }

    fn live(instance_id: &str, origin: Origin) -> (Machine, Registered) {
        let main =
            CurrentAgent { id: Uuid::from_u128(1), name: "main".to_owned(), parent_id: None };
        let current = Current {
            id: Uuid::nil(),
            name: "build-7".to_owned(),
            account: String::new(),
            generation: "1".to_owned(),
            labels: BTreeMap::new(),
            agents: vec![main],
        };
        ((Provider::Aws, id(instance_id)), Registered { origin, current })
    }

    fn of(preview: &Preview) -> Vec<(&str, &ChangeKind)> {
        preview.changes.iter().map(|change| (change.instance_id.as_str(), &change.kind)).collect()
    }

    #[test]
    fn what_is_declared_and_what_is_live_are_told_apart() {
        let declared = [
            spec("i-new", "1", &["main"]),
            spec("i-same", "1", &["main"]),
            spec("i-other", "2", &["main"]),
            spec("i-more", "1", &["main", "dev"]),
        ];
        let live = ["i-same", "i-other", "i-more", "i-gone"].map(|id| live(id, Origin::File));
        let preview = preview(&declared, live.into_iter().collect());
        assert_eq!(preview.unchanged, 1);
        let main = vec![AgentName::parse("main").unwrap()];
        let [new, other, more, gone] = of(&preview).try_into().unwrap();
        assert_eq!(new, ("i-new", &ChangeKind::Add { agents: main.clone() }));
        let (from, to) = ("1".to_owned(), "2".to_owned());
        assert_eq!(other, ("i-other", &ChangeKind::Replace { from, to, agents: main }));
        assert!(matches!(more, ("i-more", ChangeKind::Adjust(change)) if change.add.len() == 1));
        assert_eq!(gone, ("i-gone", &ChangeKind::Retire));
    }

    #[test]
    fn what_others_registered_is_kept_whether_declared_or_not() {
        let others = ["i-1", "i-2"].map(|id| live(id, Origin::Api));
        let preview = preview(&[spec("i-1", "2", &["main"])], others.into_iter().collect());
        assert_eq!(of(&preview), [("i-1", &ChangeKind::Keep { owner: Origin::Api })]);
        assert_eq!(preview.unchanged, 0);
    }
}
