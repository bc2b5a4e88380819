//! How is a machine declared? With a name, and the agents that it is to have.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{self, MOST_AGENTS, label_faults, parent_fault};
use crate::names::{AgentName, InstanceId, Provider, ResourceName};
use crate::wire;

/// One resource that is to be registered, with the agents that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceSpec {
    /// The cloud of the instance.
    pub provider: Provider,
    /// The instance.
    pub instance_id: InstanceId,
    /// The name for people.
    pub name: ResourceName,
    /// The account that the instance must prove, up to 128 characters; empty: any.
    pub account: String,
    /// Up to 128 characters; another one retires the resource and begins a new one.
    pub generation: String,
    /// At most 32, with plain names for keys and values of up to 256 characters.
    pub labels: BTreeMap<String, String>,
    /// At most 100 agents; every parent is a root agent among them.
    pub agents: Vec<AgentSpec>,
}

/// One agent that a resource is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSpec {
    /// The name, unique on its resource without regard to case.
    pub name: AgentName,
    /// The root agent of the same resource that this one is a sub-agent of; none: a root agent.
    pub parent: Option<AgentName>,
}

/// A declaration that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct DeclarationError {
    /// The member to blame, as `agents[1].name`.
    pub field: String,
    /// What is wrong and what is allowed.
    pub reason: String,
}

impl ResourceSpec {
    /// Reads what an operator declares for this instance.
    ///
    /// # Errors
    /// [`DeclarationError`] with the first member that breaks a rule.
    pub fn declare(
        provider: Provider,
        instance_id: InstanceId,
        declaration: wire::ResourceDeclaration,
    ) -> Result<Self, DeclarationError> {
        let wire::ResourceDeclaration { name, account, generation, labels, agents } = declaration;
        let account = rules::account(provider, &account.unwrap_or_default());
        let generation = rules::short_text(&generation.unwrap_or_default());
        if let Some(reason) = label_faults(&labels).into_iter().next() {
            return Err(fault("labels", reason));
        }
        Ok(Self {
            provider,
            instance_id,
            name: ResourceName::parse(&name).map_err(|error| fault("name", error))?,
            account: account.map_err(|reason| fault("account", reason))?,
            generation: generation.map_err(|reason| fault("generation", reason))?,
            labels,
            agents: declare_agents(agents)?,
        })
    }
}

/// The same as an operator sends it.
impl From<&ResourceSpec> for wire::ResourceDeclaration {
    fn from(spec: &ResourceSpec) -> Self {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let agent = |agent: &AgentSpec| wire::AgentDeclaration {
            name: agent.name.to_string(),
            parent: agent.parent.as_ref().map(AgentName::to_string),
        };
        Self {
            name: spec.name.as_str().to_owned(),
            account: given(&spec.account),
            generation: given(&spec.generation),
            labels: spec.labels.clone(),
            agents: spec.agents.iter().map(agent).collect(),
        }
    }
}

fn declare_agents(
    declared: Vec<wire::AgentDeclaration>,
) -> Result<Vec<AgentSpec>, DeclarationError> {
    if declared.len() > MOST_AGENTS {
        let reason = format!("found {} agents; {MOST_AGENTS} are allowed", declared.len());
        return Err(fault("agents", reason));
    }
    let agents: Vec<AgentSpec> = declared
        .iter()
        .enumerate()
        .map(|(index, declared)| declare_agent(index, declared))
        .collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    for (index, agent) in agents.iter().enumerate() {
        if !seen.insert(agent.name.as_str().to_ascii_lowercase()) {
            let reason = format!("{} is there already, without regard to case", agent.name);
            return Err(fault(&format!("agents[{index}].name"), reason));
        }
        if let Some(reason) = parent_fault(agent, &agents) {
            return Err(fault(&format!("agents[{index}].parent"), reason));
        }
    }
    Ok(agents)
}

fn declare_agent(
    index: usize,
    declared: &wire::AgentDeclaration,
) -> Result<AgentSpec, DeclarationError> {
    let parse = |text: &str, member: &str| {
        AgentName::parse(text).map_err(|error| fault(&format!("agents[{index}].{member}"), error))
    };
    let parent = declared.parent.as_deref().filter(|parent| !parent.is_empty());
    Ok(AgentSpec {
        name: parse(&declared.name, "name")?,
        parent: parent.map(|parent| parse(parent, "parent")).transpose()?,
    })
}

fn fault(field: &str, reason: impl ToString) -> DeclarationError {
    DeclarationError { field: field.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn declare(declaration: Value) -> Result<ResourceSpec, DeclarationError> {
        let instance_id = InstanceId::parse(Provider::Aws, "i-1").unwrap();
        let declaration = serde_json::from_value(declaration).unwrap();
        ResourceSpec::declare(Provider::Aws, instance_id, declaration)
    }

    #[test]
    fn what_is_left_out_is_empty() {
        let spec = declare(json!({"name": "n", "agents": []})).unwrap();
        assert_eq!((spec.account.as_str(), spec.generation.as_str()), ("", ""));
        assert!(spec.labels.is_empty() && spec.agents.is_empty());
    }

    #[test]
    fn azure_alone_knows_no_case_in_its_accounts() {
        for (provider, account) in
            [(Provider::Azure, "ab-12"), (Provider::Aws, "Ab-12"), (Provider::Google, "Ab-12")]
        {
            let instance_id = InstanceId::parse(provider, "i-1").unwrap();
            let declaration = json!({"name": "n", "account": "Ab-12", "agents": []});
            let declaration = serde_json::from_value(declaration).unwrap();
            let spec = ResourceSpec::declare(provider, instance_id, declaration).unwrap();
            assert_eq!(spec.account, account);
        }
    }

    #[test]
    fn what_is_sent_is_read_as_the_same() {
        for declaration in [
            json!({"name": "n", "agents": []}),
            json!({"name": "n", "account": "a", "generation": "g", "labels": {"k": "v"},
                "agents": [{"name": "main"}, {"name": "sub", "parent": "main"}]}),
        ] {
            let spec = declare(declaration).unwrap();
            let sent = serde_json::to_value(wire::ResourceDeclaration::from(&spec)).unwrap();
            assert_eq!(declare(sent), Ok(spec));
        }
    }

    #[test]
    fn the_member_to_blame_is_named() {
        let many: Vec<Value> = (0..101).map(|n| json!({"name": format!("a{n}")})).collect();
        for (declaration, field) in [
            (json!({"name": "", "agents": []}), "name"),
            (json!({"name": "n", "account": "a\nb", "agents": []}), "account"),
            (json!({"name": "n", "generation": "g".repeat(129), "agents": []}), "generation"),
            (json!({"name": "n", "labels": {"a b": ""}, "agents": []}), "labels"),
            (json!({"name": "n", "agents": many}), "agents"),
            (json!({"name": "n", "agents": [{"name": "-"}]}), "agents[0].name"),
            (json!({"name": "n", "agents": [{"name": "a"}, {"name": "A"}]}), "agents[1].name"),
            (json!({"name": "n", "agents": [{"name": "a", "parent": "b"}]}), "agents[0].parent"),
            (
                json!({"name": "n", "agents": [
                    {"name": "a"}, {"name": "b", "parent": "a"}, {"name": "c", "parent": "b"}]}),
                "agents[2].parent",
            ),
        ] {
            assert_eq!(declare(declaration).unwrap_err().field, field);
        }
    }
}
