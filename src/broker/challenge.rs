//! What must a proof carry to count as made for a login here, a moment ago?

use super::Broker;
use super::error::Failed;
use crate::identity::{Challenge, GiveChallenge};
use crate::names::{AgentName, Provider};

/// A challenge for a machine of this cloud; bound to the agent of this name, if one is given.
///
/// Nothing is looked up or written for it, and nobody has to be anybody to get one: what it costs
/// is a few microseconds of the verifier, whose places bound how many are given at a time. A limit
/// on how often would have to be one for all, since nothing is proven yet, and whoever used it up
/// could keep every machine out where an answer is required.
///
/// # Errors
/// [`Failed`], when none can be given now.
pub async fn challenge(
    broker: &Broker,
    provider: Provider,
    agent: Option<AgentName>,
) -> Result<Challenge, Failed> {
    Ok(broker.challenge.ask(GiveChallenge { provider, agent }).await??)
}
