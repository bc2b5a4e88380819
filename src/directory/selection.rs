//! Which agent does a proven machine speak for? The rule of the whole service, as one pure
//! function.
//!
//! Candidates are the live root agents of the live resource. Rows of any other state cannot be
//! candidates, because [`LiveResource`] has no place for them: the field's best-known outage came
//! from rows of earlier builds that were listed as "main, main, main".

use uuid::Uuid;

use crate::event::{AsOf, Enrolment};
use crate::identity::VerifiedInstance;

/// A resource that is not retired, with its live root agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveResource {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The account that must be proven; empty: any.
    pub account: String,
    /// Its live agents without a parent.
    pub root_agents: Vec<RootAgent>,
    /// The state of the registrations that says so.
    pub as_of: AsOf,
}

/// A live agent without a parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootAgent {
    /// Its id.
    pub id: Uuid,
    /// Its name, unique on its resource.
    pub name: String,
}

/// The agent that a proven machine speaks for. There is no other way to one than [`select`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    id: Uuid,
    name: String,
    resource_id: Uuid,
    resource_name: String,
    found_as_of: AsOf,
    instance: VerifiedInstance,
    enrolment: Option<Box<Enrolment>>,
}

impl Agent {
    /// The agent's id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The agent's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the resource it lives on.
    pub fn resource_id(&self) -> Uuid {
        self.resource_id
    }

    /// What people call that resource.
    pub fn resource_name(&self) -> &str {
        &self.resource_name
    }

    /// The state of the registrations that it was found live in.
    pub fn found_as_of(&self) -> AsOf {
        self.found_as_of
    }

    /// The machine, as it was proven.
    pub fn instance(&self) -> &VerifiedInstance {
        &self.instance
    }

    /// The registration that is still to be made, together with the token's record; none where the
    /// machine is registered.
    pub fn enrolment(&self) -> Option<&Enrolment> {
        self.enrolment.as_deref()
    }

    /// An agent of a machine that this enrolment will register.
    pub(super) fn with_enrolment(self, enrolment: Enrolment) -> Self {
        Self { enrolment: Some(Box::new(enrolment)), ..self }
    }
}

/// Why a proven machine gets no agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing is registered for it.
    #[error("nothing is registered for this instance")]
    InstanceUnknown,
    /// Only retired resources are.
    #[error("every resource for this instance is retired")]
    InstanceRetired,
    /// It has no such agent.
    #[error("the resource has no live root agent of this name")]
    AgentUnknown {
        /// The names that would succeed, sorted.
        agents: Vec<String>,
    },
    /// It has several, and no name was given.
    #[error("several agents share this instance and no name was given")]
    AgentAmbiguous {
        /// The names that would succeed, sorted and distinct.
        agents: Vec<String>,
    },
}

/// Selects the agent among those of the live resource, if there is one for the instance.
///
/// A registered account that differs from the proven one makes the instance unknown: an instance
/// id alone must not open another account's registration. A name selects exactly, with regard to
/// case, also when there is only one agent; without a name, the only agent is it.
///
/// # Errors
/// [`Refused`]; never [`Refused::InstanceRetired`], which takes a look at what is no longer live.
pub fn select(
    resource: Option<LiveResource>,
    instance: VerifiedInstance,
    name: Option<&str>,
) -> Result<Agent, Refused> {
    let resource = resource
        .filter(|resource| admits(&resource.account, instance.account()))
        .ok_or(Refused::InstanceUnknown)?;
    let LiveResource { id: resource_id, name: resource_name, root_agents, as_of, .. } = resource;
    let chosen = match (name, root_agents.as_slice()) {
        (Some(name), agents) => agents.iter().find(|agent| agent.name == name),
        (None, [only]) => Some(only),
        (None, []) => None,
        (None, _) => {
            return Err(Refused::AgentAmbiguous { agents: names(&root_agents) });
        }
    };
    match chosen.cloned() {
        Some(RootAgent { id, name }) => Ok(Agent {
            id,
            name,
            resource_id,
            resource_name,
            found_as_of: as_of,
            instance,
            enrolment: None,
        }),
        None => Err(Refused::AgentUnknown { agents: names(&root_agents) }),
    }
}

/// Whether a registration for `registered` admits the proven account; an empty one admits all.
pub fn admits(registered: &str, proven: &str) -> bool {
    registered.is_empty() || registered == proven
}

fn names(agents: &[RootAgent]) -> Vec<String> {
    let mut names: Vec<String> = agents.iter().map(|agent| agent.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
