//! Denied or failed? A denial is an answer about the caller; a failure is one about us, and never
//! looks like a denial.

use super::delegate::NotDelegated;
use super::limits::TooMany;
use crate::directory::{ChangeRefused, DirectoryError, Refused};
use crate::event::RecordError;
use crate::identity::{NotGiven, VerifyError};
use crate::mailbox::Unavailable;
use crate::names::{InstanceId, Provider};
use crate::token::{TokenError, TokenRefused};

/// Why a request got no good answer.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError<D> {
    /// The caller may not have it.
    #[error(transparent)]
    Denied(D),
    /// We cannot give it now.
    #[error(transparent)]
    Failed(#[from] Failed),
}

/// Why a login is denied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The proof was not accepted, for one of the reasons of the identity room.
    #[error(transparent)]
    Identity(VerifyError),
    /// The machine is proven, by a proof that answers a challenge which was answered before.
    #[error("the proof answers a challenge that was answered before")]
    Replayed {
        /// The machine.
        instance_id: InstanceId,
    },
    /// The machine is proven, and logs in too often.
    #[error(transparent)]
    Limited(#[from] TooMany),
    /// The machine is proven, and there is no agent for it.
    #[error("{reason}")]
    Agent {
        /// The machine.
        instance_id: InstanceId,
        /// The name that was asked for.
        agent_name: Option<String>,
        /// Why not.
        reason: Refused,
    },
}

impl Denied {
    /// The stable word for this denial, in answers, events and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Denied::Identity(VerifyError::Malformed(_)) => "malformed-request",
            Denied::Identity(VerifyError::Rejected(_)) | Denied::Replayed { .. } => {
                "identity-rejected"
            }
            Denied::Identity(VerifyError::NotAllowed { .. }) => "not-allowed",
            Denied::Identity(VerifyError::KeysMissing(_)) => "unavailable",
            Denied::Limited(_) => "too-many-requests",
            Denied::Agent { reason, .. } => match reason {
                Refused::InstanceUnknown => "instance-unknown",
                Refused::InstanceRetired => "instance-retired",
                Refused::AgentUnknown { .. } => "agent-unknown",
                Refused::AgentAmbiguous { .. } => "agent-ambiguous",
            },
        }
    }

    /// The proven machine, where one was proven and may be named.
    pub fn instance_id(&self) -> Option<&InstanceId> {
        match self {
            Denied::Identity(_) | Denied::Limited(_) => None,
            Denied::Replayed { instance_id } | Denied::Agent { instance_id, .. } => {
                Some(instance_id)
            }
        }
    }
}

/// Why we cannot answer now. The caller learns that it should come back, the log learns the rest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// There is nothing yet to check a provider's proofs with.
    #[error("the keys of {0} are not here yet")]
    KeysMissing(Provider),
    /// An actor is full, gone or late.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The verifier could not give a challenge.
    #[error(transparent)]
    Challenge(#[from] NotGiven),
    /// The directory could not look.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The minter could not mint or check.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Nothing could be recorded, so nothing may be answered.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Why a login got no token.
pub type LoginError = BrokerError<Denied>;

/// Why a registration was not changed.
pub type ChangeError = BrokerError<ChangeRefused>;

/// Why a sub-agent got no token.
pub type DelegateError = BrokerError<NotDelegated>;

impl From<VerifyError> for LoginError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::KeysMissing(provider) => Self::Failed(Failed::KeysMissing(provider)),
            error => Self::Denied(Denied::Identity(error)),
        }
    }
}

/// Why a token was not accepted.
pub type CheckError = BrokerError<TokenRefused>;

macro_rules! fails_with {
    ($($cause:ty),*) => {$(
        impl<D> From<$cause> for BrokerError<D> {
            fn from(cause: $cause) -> Self {
                Self::Failed(cause.into())
            }
        }
    )*};
}

fails_with!(Unavailable, DirectoryError, TokenError, RecordError);
