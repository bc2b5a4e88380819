//! What may a token's bearer do? Ask who it is, and say that it is there.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::Broker;
use super::error::{BrokerError, CheckError};
use crate::event::Heartbeat;
use crate::token::{CheckToken, Session};

/// The agent that this token speaks for, if the token stands.
///
/// # Errors
/// [`CheckError`]: the token is not accepted, or we cannot say now.
pub async fn identify(broker: &Broker, token: Zeroizing<String>) -> Result<Session, CheckError> {
    let checked = broker.check.ask(CheckToken { token }).await??;
    checked.map_err(BrokerError::Denied)
}

/// Marks the agent that this token speaks for as seen now.
///
/// # Errors
/// As [`identify`].
pub async fn heartbeat(
    broker: &Broker,
    token: Zeroizing<String>,
) -> Result<DateTime<Utc>, CheckError> {
    let session = identify(broker, token).await?;
    let at = broker.clock.now();
    broker.heartbeat.ask(Heartbeat { agent_id: session.agent_id(), at }).await??;
    Ok(at)
}
