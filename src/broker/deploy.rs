//! How does the configuration become registrations? Each declared resource is converged; those that
//! came from the configuration and have left it are retired.

use std::collections::HashSet;

use futures_util::{StreamExt as _, stream};

use super::Broker;
use super::error::{BrokerError, Failed};
use super::registration::{register, retire};
use crate::config::Config;
use crate::directory::{ChangeRefused, Converge, FileResources, Retire};
use crate::registration::{Registrar, ResourceSpec};

/// Declarations under way: the directory looks at so many together, and writes them together.
const AT_ONCE: usize = 128;

/// What a deployment changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// Resources made, adjusted or begun anew.
    pub converged: usize,
    /// Resources that were as declared already.
    pub unchanged: usize,
    /// Resources that have left the configuration.
    pub retired: usize,
    /// Resources that are declared, but were registered by somebody else and stay as they are.
    pub kept: usize,
}

/// Goes by this configuration from now on: its rules of enrolment, then its resources.
///
/// # Errors
/// As [`deploy`].
pub async fn follow(broker: &Broker, config: &Config) -> Result<Deployed, Failed> {
    broker.rules.replace(config.enrolment.clone());
    deploy(broker, &config.resources).await
}

/// Makes the registrations equal to what the configuration declares.
///
/// # Errors
/// [`Failed`] at the first resource that could not be converged; those before it stand, and the
/// next try goes on from there.
pub async fn deploy(broker: &Broker, resources: &[ResourceSpec]) -> Result<Deployed, Failed> {
    let mut deployed = Deployed::default();
    let registering = stream::iter(resources).map(|spec| async move {
        (spec, register(broker, Converge::from_file(spec.clone())).await)
    });
    let mut registered = std::pin::pin!(registering.buffered(AT_ONCE));
    while let Some((spec, outcome)) = registered.next().await {
        match outcome {
            Ok(converged) if converged.event.is_some() => deployed.converged += 1,
            Ok(_) => deployed.unchanged += 1,
            Err(BrokerError::Denied(refused)) => {
                deployed.kept += 1;
                tell_kept(spec, refused);
            }
            Err(BrokerError::Failed(failed)) => return Err(failed),
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
        let by = Registrar::File;
        match retire(broker, Retire { provider, instance_id, by, request_id: None }).await {
            Ok(()) => retired += 1,
            // Another broker that reads the same files was quicker.
            Err(BrokerError::Denied(_)) => {}
            Err(BrokerError::Failed(failed)) => return Err(failed),
        }
    }
    Ok(retired)
}

/// A machine that an operator registered stays the operator's. Taking it over would end its agents'
/// tokens and undo what the operator does next, and refusing to start would make every machine pay
/// for one: so this is told, loudly, and the rest goes on.
fn tell_kept(spec: &ResourceSpec, refused: ChangeRefused) {
    tracing::error!(
        provider = spec.provider.as_str(),
        instance_id = spec.instance_id.as_str(),
        cause = %refused,
        "a [[resource]] was not registered: retire the registration that is there (DELETE \
         /v1/resources/{{provider}}/{{instance_id}}) and send SIGHUP, or take it out of the files"
    );
}
