//! How does the configuration become registrations? Each declared resource is converged, each in
//! its own transaction; those that came from the configuration and have left it are retired.

use std::collections::HashSet;

use super::Broker;
use super::error::Failed;
use crate::directory::{Converge, FileResources, Retire};
use crate::event::{AuthEvent, Happening};
use crate::registration::ResourceSpec;

/// What a deployment changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// Resources made, adjusted or begun anew.
    pub converged: usize,
    /// Resources that were as declared already.
    pub unchanged: usize,
    /// Resources that have left the configuration.
    pub retired: usize,
}

/// Makes the registrations equal to what the configuration declares.
///
/// # Errors
/// [`Failed`] at the first resource that could not be converged; those before it stand, and the
/// next try goes on from there.
pub async fn deploy(broker: &Broker, resources: &[ResourceSpec]) -> Result<Deployed, Failed> {
    let mut deployed = Deployed::default();
    for spec in resources {
        match broker.converge.ask(Converge(spec.clone())).await?? {
            Some(change) => {
                deployed.converged += 1;
                publish(broker, Happening::ResourceConverged(change));
            }
            None => deployed.unchanged += 1,
        }
    }
    deployed.retired = retire_undeclared(broker, resources).await?;
    Ok(deployed)
}

async fn retire_undeclared(broker: &Broker, resources: &[ResourceSpec]) -> Result<usize, Failed> {
    let declared: HashSet<_> =
        resources.iter().map(|spec| (spec.provider, &spec.instance_id)).collect();
    let mut retired = 0;
    for (provider, instance_id) in broker.file_resources.ask(FileResources).await?? {
        if declared.contains(&(provider, &instance_id)) {
            continue;
        }
        if let Some(change) = broker.retire.ask(Retire { provider, instance_id }).await?? {
            retired += 1;
            publish(broker, Happening::ResourceRetired(change));
        }
    }
    Ok(retired)
}

/// The directory has recorded it already, in the transaction of the change itself.
fn publish(broker: &Broker, what: Happening) {
    broker.bus.publish(AuthEvent::new(broker.clock.now(), None, what));
}
