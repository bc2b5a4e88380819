//! What can the verifier be asked?

use super::error::VerifyError;
use super::instance::VerifiedInstance;
use super::proof::IdentityProof;
use crate::mailbox::Request;

/// Is this machine what it claims?
#[derive(Clone, Debug)]
pub struct VerifyIdentity {
    /// What the caller sent.
    pub proof: IdentityProof,
}

impl Request for VerifyIdentity {
    type Answer = Result<VerifiedInstance, VerifyError>;
}
