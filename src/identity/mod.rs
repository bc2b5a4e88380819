//! Is this machine what it claims? Signed identity documents in, proven machines out.
//!
//! The way through: an [`IdentityProof`] holds what a caller sent, checked for shape and size and
//! believed in nothing. [`verify`] decides about it with the [`Trust`] (whose keys count), the
//! [`Policy`] (what the operator allows) and the time, and makes the only parsed form of a
//! document that leaves this room: a [`VerifiedInstance`]. So no code can read a field that
//! nobody vouched for.
//!
//! Everything here is pure but the [`Verifier`], the actor that runs [`verify`] with the time of the
//! moment, and the [`KeyKeeper`], which keeps Google's keys new in the background. This room knows
//! no agents, tokens, registrations or HTTP.

mod actor;
mod aws;
mod azure;
mod challenge;
mod cms;
mod error;
mod google;
mod instance;
mod json;
mod key_set;
mod messages;
mod policy;
mod proof;
mod trust;
mod trust_file;
mod verify;

pub use actor::Verifier;
pub use aws::{AwsTrust, TrustedKey};
pub use azure::{Anchor, AzureTrust, CertificateError, Standing};
pub use challenge::{Answered, Challenge, Challenger, Demand, GOOD_FOR};
pub use cms::CmsError;
pub use error::{ProofError, Rejection, VerifyError};
pub use instance::VerifiedInstance;
pub use json::JsonError;
pub use key_set::{
    CurrentKeys, KeyKeeper, KeySet, KeySetError, KeySetHealth, KeySource, SourceError,
};
pub use messages::{GiveChallenge, NotGiven, VerifyIdentity};
pub use policy::{AwsPolicy, AzureCloud, AzurePolicy, GooglePolicy, Policy};
pub use proof::{AwsKind, IdentityProof, ProofKind};
pub use trust::Trust;
pub use trust_file::{TrustError, TrustFlaw};
pub use verify::verify;
