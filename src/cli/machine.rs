//! How does one type a machine or an agent? As the API's paths do: `aws/i-0abc`, `aws/i-0abc/main`;
//! or by the id that lists show in JSON.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::names::{AgentName, InstanceId, Provider};

/// A machine, as registrations are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Machine {
    pub(super) provider: Provider,
    pub(super) instance_id: InstanceId,
}

impl FromStr for Machine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (provider, instance_id) = text.split_once('/').ok_or("type it as aws/i-0abc")?;
        let provider = Provider::parse(provider).map_err(|error| error.to_string())?;
        let instance_id =
            InstanceId::parse(provider, instance_id).map_err(|error| error.to_string())?;
        Ok(Self { provider, instance_id })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.instance_id)
    }
}

/// One resource: the machine's, or one by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ResourceRef {
    Id(Uuid),
    Machine(Machine),
}

impl FromStr for ResourceRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Machine),
        }
    }
}

/// One agent: of a machine by its name, or one by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AgentRef {
    Id(Uuid),
    Named(Machine, AgentName),
}

impl FromStr for AgentRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        // An instance id may hold slashes, an agent's name none.
        let (machine, name) = text.rsplit_once('/').ok_or("type it as aws/i-0abc/main")?;
        let name = AgentName::parse(name).map_err(|error| error.to_string())?;
        Ok(Self::Named(machine.parse()?, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_typed_as_in_the_path_of_the_api() {
        let machine: Machine = "google/a/b".parse().unwrap();
        assert_eq!((machine.provider, machine.instance_id.as_str()), (Provider::Google, "a/b"));
        assert_eq!("azure/AB".parse::<Machine>().unwrap().to_string(), "azure/ab");
        for wrong in ["", "aws", "i-0abc", "aws/", "aws/i 1", "oracle/i-1"] {
            assert!(wrong.parse::<Machine>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_agent_is_the_last_part_behind_its_machine() {
        let AgentRef::Named(machine, name) = "google/a/b/main".parse().unwrap() else {
            panic!("no name");
        };
        assert_eq!((machine.instance_id.as_str(), name.as_str()), ("a/b", "main"));
        for wrong in ["main", "aws/main", "aws/i-1/"] {
            assert!(wrong.parse::<AgentRef>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_id_stands_for_itself() {
        let id = Uuid::from_u128(7);
        assert_eq!(id.to_string().parse(), Ok(ResourceRef::Id(id)));
        assert_eq!(id.to_string().parse(), Ok(AgentRef::Id(id)));
    }
}
