//! How does a sub-agent get its token? Through its root agent: check the session, find the
//! sub-agent, mint, record, publish. Each step takes the value that only the step before it makes.

use std::sync::Arc;

use chrono::TimeDelta;
use zeroize::Zeroizing;

use super::Broker;
use super::error::{BrokerError, DelegateError};
use super::limits::TooMany;
use super::session::identify;
use crate::directory::FindSubAgent;
use crate::event::{AuthEvent, Happening, Receipt, Record};
use crate::token::{DelegateToken, DelegatedToken, TokenRefused};

/// A root agent's wish for a token of one of its sub-agents.
pub struct DelegationRequest {
    /// The request it came with.
    pub request_id: String,
    /// The root agent's session token.
    pub token: Zeroizing<String>,
    /// The sub-agent.
    pub name: String,
    /// How long the token is to be good for, if shorter than it would be.
    pub lifetime: Option<TimeDelta>,
}

/// Why a sub-agent gets no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDelegated {
    /// The session token is not accepted.
    #[error(transparent)]
    Session(#[from] TokenRefused),
    /// The session is a sub-agent's.
    #[error("sub-agents have no sub-agents")]
    NotRoot,
    /// The machine asks too often.
    #[error(transparent)]
    Limited(#[from] TooMany),
    /// The agent has no live sub-agent of this name.
    #[error("the agent has no live sub-agent of this name")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that would succeed, sorted.
        agents: Vec<String>,
    },
}

/// A sub-agent's token that is on record: the only one that may leave the broker.
#[derive(Debug)]
pub struct GrantedDelegation {
    token: DelegatedToken,
}

impl GrantedDelegation {
    fn new(token: DelegatedToken, _on_record: Receipt) -> Self {
        Self { token }
    }

    /// The token and what it stands for.
    pub fn token(&self) -> &DelegatedToken {
        &self.token
    }
}

/// Gives a root agent a token for one of its sub-agents.
///
/// # Errors
/// [`DelegateError`]: denied, or failed for a reason of ours.
pub async fn delegate(
    broker: &Broker,
    request: DelegationRequest,
) -> Result<GrantedDelegation, DelegateError> {
    let DelegationRequest { request_id, token, name, lifetime } = request;

    let session = identify(broker, token).await.map_err(|error| match error {
        BrokerError::Denied(refused) => BrokerError::Denied(refused.into()),
        BrokerError::Failed(failed) => BrokerError::Failed(failed),
    })?;
    if !session.is_root() {
        return Err(BrokerError::Denied(NotDelegated::NotRoot));
    }
    let machine = (session.provider(), session.instance_id().clone());
    broker.limits.admit_machine(machine).map_err(|error| BrokerError::Denied(error.into()))?;

    let find = FindSubAgent { parent_id: session.agent_id(), name: name.clone() };
    let found = broker.find_sub_agent.ask(find).await??;
    let sub_agent =
        found.map_err(|agents| BrokerError::Denied(NotDelegated::Unknown { name, agents }))?;

    let minted = broker.delegate.ask(DelegateToken { session, sub_agent, lifetime }).await??;
    let token = minted.map_err(|refused| BrokerError::Denied(refused.into()))?;

    let delegated = Happening::TokenDelegated(Box::new(token.record().clone()));
    let event = Arc::new(AuthEvent::new(broker.clock.now(), Some(request_id), delegated));
    let receipt = broker.record.ask(Record(event.clone())).await??;

    broker.bus.publish(event);
    Ok(GrantedDelegation::new(token, receipt))
}
