//! Which provider's rules decide about this proof? The one door into all of them.

use chrono::{DateTime, Utc};

use super::challenge::Asked;
use super::error::VerifyError;
use super::instance::VerifiedInstance;
use super::key_set::CurrentKeys;
use super::policy::Policy;
use super::proof::{Evidence, IdentityProof};
use super::trust::Trust;
use super::{aws, azure, google};
use crate::names::Provider;

/// Verifies a proof: its shape, its signature, its time, the challenge that it answers, then the
/// operator's allow-lists, in this order, so that who proved nothing learns nothing about the lists.
///
/// # Errors
/// [`VerifyError::Malformed`] for evidence that can be no proof and whose sender can be told what
/// to send instead, [`VerifyError::Rejected`] for whatever does not hold,
/// [`VerifyError::NotAllowed`] for a genuine machine that the operator did not list, and
/// [`VerifyError::KeysMissing`] where there is nothing to judge it by.
pub fn verify(
    proof: &IdentityProof,
    trust: &Trust,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<VerifiedInstance, VerifyError> {
    let asked = Asked { challenger: trust.challenger.as_ref(), occasion: proof.occasion(), now };
    match proof.evidence() {
        Evidence::Aws(evidence) => {
            let instance = aws::verify(evidence, &trust.aws, policy, now)?;
            policy.aws.check_allowed(&instance)?;
            Ok(instance)
        }
        Evidence::Azure(evidence) => {
            let instance = azure::verify(evidence, &trust.azure, policy, &asked)?;
            policy.azure.check_allowed(&instance)?;
            Ok(instance)
        }
        Evidence::Google(token) => {
            let keys = trust.google.as_ref().and_then(CurrentKeys::load);
            let keys = keys.ok_or(VerifyError::KeysMissing(Provider::Google))?;
            let instance = google::verify(token, &keys, policy, &asked)?;
            policy.google.check_allowed(&instance)?;
            Ok(instance)
        }
    }
}
