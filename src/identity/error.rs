//! Why is a proof not believed? One word for the log, as little as possible for the caller.

use chrono::{DateTime, Utc};

use super::azure::CertificateError;
use super::cms::CmsError;
use super::json::JsonError;
use super::proof::ProofKind;
use crate::names::Provider;

/// Why no [`VerifiedInstance`](super::VerifiedInstance) came out of a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The caller sent something that can be no proof, and can be told what to send.
    #[error(transparent)]
    Malformed(#[from] ProofError),
    /// The proof does not hold. Callers get one text for all causes; the cause is for the log.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The machine is genuine, but the operator did not list it.
    #[error("the {what} {value} is not on the broker's list")]
    NotAllowed {
        /// Which list: `account`, `region`, `subscription` or `project`.
        what: &'static str,
        /// What was looked for on it.
        value: String,
    },
    /// Nothing can be said about the proof: the keys to check it with are not here yet. This is
    /// about the broker, not about the caller.
    #[error("the keys of {0} are not here yet")]
    KeysMissing(Provider),
}

/// Evidence of the wrong shape: the member to blame, and a reason for the person who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ProofError {
    field: &'static str,
    reason: &'static str,
}

impl ProofError {
    pub(super) const fn new(field: &'static str, reason: &'static str) -> Self {
        Self { field, reason }
    }

    /// The JSON member to blame.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What is wrong with it, and what to do.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

/// The precise cause of a refusal, for the log only: an attacker must not learn how far he came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The operator does not accept this kind of proof.
    #[error("proofs of the kind {} are not accepted", .0.as_str())]
    KindNotAccepted(ProofKind),
    /// The signed envelope breaks a rule.
    #[error("the envelope: {0}")]
    Envelope(#[from] CmsError),
    /// The document is no JSON object that can be read in one way only.
    #[error("the document: {0}")]
    Document(#[from] JsonError),
    /// The document lacks a member, or holds something else in its place.
    #[error("the document has no well-formed {0}")]
    Member(&'static str),
    /// No key of this kind is listed for the region that the document names.
    #[error("no key of the kind {} is listed for the region {region}", kind.as_str())]
    UnknownRegion {
        /// The region that the document names; of a region's shape, but unproven.
        region: String,
        /// The kind of proof.
        kind: ProofKind,
    },
    /// No key that counts for the document made this signature.
    #[error("no key that counts for this document made its signature")]
    SignatureInvalid,
    /// The document was signed later than now.
    #[error("{what} is {time}, which is yet to come")]
    TimeInFuture {
        /// Which time: `pendingTime`, `signingTime` or `createdOn`.
        what: &'static str,
        /// The time that was signed.
        time: DateTime<Utc>,
    },
    /// No path of certificates leads from the signer to an authority that counts.
    #[error("the signer's certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// The proof is no longer good.
    #[error("{what} is {time}, which is past")]
    Expired {
        /// Which time: `expiresOn` or `exp`.
        what: &'static str,
        /// The time that was signed.
        time: DateTime<Utc>,
    },
    /// The header of a token has no such member, or one that is not believed.
    #[error("the token's header: {0} is not as it must be")]
    TokenHeader(&'static str),
    /// The key set has no key of the id that the token names.
    #[error("the key set has no key of the id that the token names")]
    UnknownKey,
    /// Somebody else made the token.
    #[error("the token is from another issuer")]
    Issuer,
    /// The token was made for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// The operator asks for a proof that was made for this login, and this one answers no challenge.
    #[error("the proof answers no challenge, and has to")]
    NoChallenge,
    /// No challenge of ours, or another agent's, or for another cloud.
    #[error("the proof answers a challenge that was not given for this login")]
    ChallengeUnknown,
    /// The challenge was ours, and this login's.
    #[error("the proof answers a challenge that is over")]
    ChallengeOver,
    /// The token claims to be good for longer than its issuer makes any.
    #[error("the token claims a longer life than any has")]
    Lifetime,
}

impl Rejection {
    /// A short word for logs and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KindNotAccepted(_) => "kind-not-accepted",
            Self::Envelope(error) => error.code(),
            Self::Document(error) => error.code(),
            Self::Member(_) => "document-member",
            Self::UnknownRegion { .. } => "unknown-region",
            Self::SignatureInvalid => "signature-invalid",
            Self::TimeInFuture { .. } => "time-in-future",
            Self::Certificate(error) => error.code(),
            Self::TokenHeader(_) => "token-header",
            Self::UnknownKey => "unknown-key",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired { .. } => "expired",
            Self::Lifetime => "lifetime",
            Self::NoChallenge => "no-challenge",
            Self::ChallengeUnknown => "challenge-unknown",
            Self::ChallengeOver => "challenge-over",
        }
    }
}
