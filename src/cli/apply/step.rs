//! What comes of one declaration? The broker makes it so, or it is only compared with what is there.

use std::collections::BTreeMap;

use super::line::{Line, What};
use crate::cli::change::{describe, some};
use crate::cli::listing::of_machine;
use crate::cli::machine::Machine;
use crate::client::{ClientError, Converged, RegistrationClient, patiently};
use crate::directory::converge::{Current, CurrentAgent, Plan, parents_first, plan};
use crate::directory::preview::ChangeKind;
use crate::names::AgentName;
use crate::registration::{Origin, ResourceSpec};
use crate::wire::{ListQuery, Resource, ResourceDeclaration};

/// Makes the registration equal to the declaration.
///
/// # Errors
/// [`ClientError`] where there is no use in going on; what is wrong with this one declaration only
/// is told in its line.
pub(super) async fn converge(
    client: &RegistrationClient,
    spec: &ResourceSpec,
) -> Result<Line, ClientError> {
    let declaration = ResourceDeclaration::from(spec);
    let put = || client.put(spec.provider, &spec.instance_id, &declaration);
    match patiently(put).await {
        Ok((Converged::Created, _)) => Ok(line(spec, What::Created, agents(spec))),
        Ok((Converged::Changed, _)) => Ok(line(spec, What::Changed, agents(spec))),
        Ok((Converged::Unchanged, _)) => Ok(line(spec, What::Unchanged, String::new())),
        Err(error) => Ok(line(spec, What::Failed, reason(error)?)),
    }
}

/// Compares the declaration with the registration, and changes nothing.
///
/// # Errors
/// As [`converge`].
pub(super) async fn preview(
    client: &RegistrationClient,
    spec: &ResourceSpec,
) -> Result<Line, ClientError> {
    let filter = ListQuery { live: Some(true), ..of_machine(&machine(spec)) };
    let live = patiently(|| client.resources(&filter)).await?;
    Ok(match live.first() {
        Some(resource) if is_of_file(resource) => {
            line(spec, What::Failed, OWNED_BY_FILE.to_owned())
        }
        resource => compare(spec, resource.map(current)),
    })
}

fn compare(spec: &ResourceSpec, current: Option<Current>) -> Line {
    let names = parents_first(&spec.agents).into_iter().map(|agent| agent.name).collect();
    let from = current.as_ref().map(|current| current.generation.clone()).unwrap_or_default();
    let (what, kind) = match plan(current.as_ref(), spec) {
        Plan::Create => (What::Created, ChangeKind::Add { agents: names }),
        Plan::Replace => {
            let to = spec.generation.clone();
            (What::Replaced, ChangeKind::Replace { from, to, agents: names })
        }
        Plan::Adjust(change) if change.is_empty() => {
            return line(spec, What::Unchanged, String::new());
        }
        Plan::Adjust(change) => (What::Changed, ChangeKind::Adjust(change)),
    };
    line(spec, what, describe(&kind))
}

fn current(resource: &Resource) -> Current {
    let ids: BTreeMap<&str, _> =
        resource.agents.iter().map(|agent| (agent.name.as_str(), agent.id)).collect();
    let agent = |agent: &crate::wire::Agent| CurrentAgent {
        id: agent.id,
        name: agent.name.clone(),
        parent_id: agent.parent.as_deref().and_then(|parent| ids.get(parent).copied()),
    };
    Current {
        id: resource.id,
        name: resource.name.clone(),
        account: resource.account.clone(),
        generation: resource.generation.clone(),
        labels: resource.labels.clone(),
        agents: resource.agents.iter().map(agent).collect(),
    }
}

/// Whether the broker's own configuration declares it, and alone may change it.
pub(super) fn is_of_file(resource: &Resource) -> bool {
    resource.origin == Origin::File.as_str()
}

const OWNED_BY_FILE: &str = "the broker's own configuration declares this machine: change its \
                             [[resource]] entry there, and send the broker a SIGHUP";

/// What is wrong with this declaration, in words.
///
/// # Errors
/// The error itself where the next declaration would fare no better.
pub(super) fn reason(error: ClientError) -> Result<String, ClientError> {
    match error.problem() {
        Some(problem) if problem.code == "owned-by-file" => Ok(OWNED_BY_FILE.to_owned()),
        Some(problem) if !matches!(problem.status, 401 | 403) => Ok(problem.detail.clone()),
        _ => Err(error),
    }
}

fn agents(spec: &ResourceSpec) -> String {
    let names: Vec<&AgentName> = spec.agents.iter().map(|agent| &agent.name).collect();
    format!("agents {}", some(&names))
}

fn line(spec: &ResourceSpec, what: What, note: String) -> Line {
    Line { what, machine: machine(spec), name: spec.name.as_str().to_owned(), note }
}

fn machine(spec: &ResourceSpec) -> Machine {
    Machine { provider: spec.provider, instance_id: spec.instance_id.clone() }
}
