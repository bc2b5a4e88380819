//! What is registered and no longer declared? What bears the labels that the files answer for, and
//! is in none of them.

use std::collections::HashSet;
use std::io::{self, IsTerminal as _, Write as _};

use super::line::{Line, What};
use super::step::{is_of_file, reason};
use crate::cli::label::{Label, bears};
use crate::cli::machine::Machine;
use crate::cli::outcome::{Failure, Outcome};
use crate::client::{ClientError, RegistrationClient, patiently};
use crate::names::InstanceId;
use crate::registration::ResourceSpec;
use crate::wire::{ListQuery, Resource};

/// A resource that is to be retired.
pub(super) struct Doomed {
    machine: Machine,
    name: String,
}

/// Finds what bears all of these labels and is not declared. What the broker's own configuration
/// declares is not ours to retire.
///
/// # Errors
/// [`ClientError`].
pub(super) async fn find(
    client: &RegistrationClient,
    declared: &[ResourceSpec],
    labels: &[Label],
) -> Result<Vec<Doomed>, ClientError> {
    let filter = ListQuery { live: Some(true), ..ListQuery::default() };
    let live = patiently(|| client.resources(&filter)).await?;
    let kept: HashSet<_> = declared.iter().map(|spec| (spec.provider, &spec.instance_id)).collect();
    let doomed = live
        .into_iter()
        .filter(|resource| !is_of_file(resource) && bears(&resource.labels, labels))
        .filter_map(doomed)
        .filter(|doomed| !kept.contains(&(doomed.machine.provider, &doomed.machine.instance_id)));
    Ok(doomed.collect())
}

fn doomed(resource: Resource) -> Option<Doomed> {
    let instance_id = InstanceId::parse(resource.provider, &resource.instance_id).ok()?;
    let machine = Machine { provider: resource.provider, instance_id };
    Some(Doomed { machine, name: resource.name })
}

/// Retires one of them.
///
/// # Errors
/// [`ClientError`] where there is no use in going on.
pub(super) async fn retire(
    client: &RegistrationClient,
    doomed: Doomed,
) -> Result<Line, ClientError> {
    let Machine { provider, instance_id } = &doomed.machine;
    match patiently(|| client.retire(*provider, instance_id)).await {
        Ok(()) => Ok(line(doomed, What::Retired, String::new())),
        Err(error) => Ok(line(doomed, What::Failed, reason(error)?)),
    }
}

/// Says what would be retired.
pub(super) fn preview(doomed: Doomed) -> Line {
    line(doomed, What::Retired, String::new())
}

fn line(Doomed { machine, name }: Doomed, what: What, note: String) -> Line {
    Line { what, machine, name, note }
}

/// Whether somebody is there who can be asked.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks whether to retire them.
pub(super) fn ask(doomed: &[Doomed]) -> Outcome {
    const SHOWN: usize = 20;
    for Doomed { machine, name } in doomed.iter().take(SHOWN) {
        eprintln!("  {machine}  {name}");
    }
    if let more @ 1.. = doomed.len().saturating_sub(SHOWN) {
        eprintln!("  and {more} more");
    }
    eprint!("Retire them ({} in all) with their agents and tokens? [y/N] ", doomed.len());
    let mut answer = String::new();
    let read = io::stderr().flush().and_then(|()| io::stdin().read_line(&mut answer));
    read.map_err(|error| Failure::new(format!("the answer cannot be read: {error}")))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new("nothing was changed")),
    }
}
