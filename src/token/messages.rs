//! What can the minter be asked?

use std::fmt;

use chrono::TimeDelta;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::check::TokenRefused;
use super::delegate::DelegatedToken;
use super::mint::MintedToken;
use super::session::Session;
use crate::directory::{Agent, SubAgent};
use crate::mailbox::Request;

/// Make a token for this agent.
#[derive(Clone, Debug)]
pub struct MintToken {
    /// The agent.
    pub agent: Agent,
}

/// Make a token for this sub-agent of the agent that this session is of.
#[derive(Clone, Debug)]
pub struct DelegateToken {
    /// The root agent's session.
    pub session: Session,
    /// The sub-agent.
    pub sub_agent: SubAgent,
    /// How long it is to be good for, if shorter than it would be.
    pub lifetime: Option<TimeDelta>,
}

/// Does this token stand?
pub struct CheckToken {
    /// The token, as it came.
    pub token: Zeroizing<String>,
}

impl fmt::Debug for CheckToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckToken(…)")
    }
}

/// Does the signing key make signatures that its public half accepts?
#[derive(Clone, Copy, Debug)]
pub struct CheckSigning;

impl Request for CheckSigning {
    type Answer = bool;
}

impl Request for MintToken {
    type Answer = Result<MintedToken, TokenError>;
}

impl Request for DelegateToken {
    type Answer = Result<Result<DelegatedToken, TokenRefused>, TokenError>;
}

impl Request for CheckToken {
    type Answer = Result<Result<Session, TokenRefused>, TokenError>;
}

/// The minter could not do its work; this is no verdict on a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The signature could not be made.
    #[error("the signature could not be made")]
    Signing,
    /// The record of this token holds what this binary would never have written.
    #[error("the record of token {0} cannot be read")]
    Unreadable(Uuid),
    /// The database refused, or is away.
    #[error("the database did not answer the minter: {0}")]
    Database(String),
}
