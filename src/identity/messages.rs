//! What can the verifier be asked?

use super::challenge::Challenge;
use super::error::VerifyError;
use super::instance::VerifiedInstance;
use super::proof::IdentityProof;
use crate::mailbox::Request;
use crate::names::{AgentName, Provider};

/// Is this machine what it claims?
#[derive(Clone, Debug)]
pub struct VerifyIdentity {
    /// What the caller sent.
    pub proof: IdentityProof,
}

/// What must a proof carry to count as made for a login here, a moment ago?
#[derive(Clone, Debug)]
pub struct GiveChallenge {
    /// The cloud whose proof it is.
    pub provider: Provider,
    /// The one agent that may answer; any, where none is named.
    pub agent: Option<AgentName>,
}

impl Request for GiveChallenge {
    type Answer = Result<Challenge, NotGiven>;
}

/// No challenge can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGiven {
    /// The system gave no randomness.
    #[error("the system gave no randomness for a challenge")]
    Random,
    /// This verifier has no key for any.
    #[error("there is no key for challenges")]
    NoKey,
}

impl Request for VerifyIdentity {
    type Answer = Result<VerifiedInstance, VerifyError>;
}
