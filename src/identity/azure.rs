//! Is this an attested document that Azure signed for one of its virtual machines?
//!
//! The document names its signer's certificate and brings it along. It counts when that very
//! certificate made the signature, is for a name in the domain of a configured cloud, and stands
//! at the end of a path of certificates from a pinned authority. The document that is read is the
//! bytes that were verified.
//!
//! What is proven: Azure's metadata service gave this document to a program on that machine within
//! the last six hours. Any process on the machine can ask for one. The document names no region,
//! so none is known of the machine; and until 2020 it named no subscription, so a document without
//! one has no account: it is no machine's that is registered with an account, and on no list.

mod anchor;
mod path;
mod signer;
mod trust;
mod trust_file;

pub use anchor::{Anchor, Standing};
pub use path::CertificateError;
pub use trust::AzureTrust;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use rustls_pki_types::CertificateDer;

use super::challenge::Asked;
use super::cms::{CertifiedMessage, SignedMessage};
use super::error::{Rejection, VerifyError};
use super::instance::{Facts, VerifiedInstance};
use super::json::Object;
use super::policy::Policy;
use super::proof::{AzureEvidence, ProofKind};
use crate::names::{InstanceId, Provider};

use signer::Signer;

/// Verifies an attested document: shape, signature, path, time, then challenge. The allow-list is the caller's
/// next step.
///
/// # Errors
/// As [`verify`](super::verify()).
pub(super) fn verify(
    evidence: &AzureEvidence,
    trust: &AzureTrust,
    policy: &Policy,
    asked: &Asked<'_>,
) -> Result<VerifiedInstance, VerifyError> {
    let now = asked.now;
    let envelope = CertifiedMessage::parse(&evidence.message).map_err(Rejection::from)?;
    check_signer(&envelope, evidence, trust, policy, now).map_err(VerifyError::Rejected)?;
    let SignedMessage { content, signing_time, .. } = envelope.message;
    let document = Document::parse(&content)?;
    document.check_times(signing_time, policy.leeway, now)?;
    let (nonce, signed_at) = (document.nonce.as_deref(), document.created_on);
    let answered = asked.by_nonce(policy.azure.nonce, nonce, signed_at)?;
    Ok(document.into_instance().having_answered(answered))
}

fn check_signer(
    envelope: &CertifiedMessage,
    evidence: &AzureEvidence,
    trust: &AzureTrust,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<(), Rejection> {
    let inside: Vec<_> = certificates(&envelope.certificates).collect();
    let signer = Signer::find(&envelope.signer, &inside)?;
    signer.check_name(&policy.azure.clouds)?;
    signer.check_usage()?;
    if !signer.made(&envelope.message) {
        return Err(Rejection::SignatureInvalid);
    }
    let sent = inside.iter().cloned().chain(certificates(&evidence.certificates));
    let between = path::candidates(sent, trust)?;
    signer.check_path(&between, trust, now)?;
    Ok(())
}

fn certificates(all: &[Vec<u8>]) -> impl Iterator<Item = CertificateDer<'_>> {
    all.iter().map(|der| CertificateDer::from_slice(der))
}

/// What a document says; believed once its signature is.
struct Document {
    vm_id: InstanceId,
    subscription_id: String,
    created_on: DateTime<Utc>,
    expires_on: DateTime<Utc>,
    nonce: Option<String>,
    sku: Option<String>,
}

impl Document {
    fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let object = Object::parse(bytes)?;
        let times = object.object("timeStamp").ok_or(Rejection::Member("timeStamp"))?;
        Ok(Self {
            vm_id: parse_vm_id(&object)?,
            subscription_id: parse_subscription(&object)?,
            created_on: parse_time(times, "createdOn")?,
            expires_on: parse_time(times, "expiresOn")?,
            nonce: object.text("nonce").map(str::to_owned),
            sku: object.text("sku").filter(|sku| !sku.is_empty()).map(str::to_owned),
        })
    }

    /// A document of the future was made by a clock, or a person, that is not to be trusted.
    fn check_times(
        &self,
        signing_time: Option<DateTime<Utc>>,
        leeway: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(), Rejection> {
        let begins = [("createdOn", Some(self.created_on)), ("signingTime", signing_time)];
        for (what, time) in begins.into_iter().filter_map(|(what, time)| Some((what, time?))) {
            if time.signed_duration_since(now) > leeway {
                return Err(Rejection::TimeInFuture { what, time });
            }
        }
        if now.signed_duration_since(self.expires_on) > leeway {
            return Err(Rejection::Expired { what: "expiresOn", time: self.expires_on });
        }
        Ok(())
    }

    fn into_instance(self) -> VerifiedInstance {
        let Self { vm_id, subscription_id, sku, .. } = self;
        VerifiedInstance::new(ProofKind::Azure, subscription_id, String::new(), vm_id)
            .with_facts(Facts { sku, ..Facts::default() })
    }
}

fn parse_vm_id(object: &Object<'_>) -> Result<InstanceId, Rejection> {
    let refused = Rejection::Member("vmId");
    let text = object.text("vmId").filter(|text| is_guid(text)).ok_or(refused.clone())?;
    InstanceId::parse(Provider::Azure, text).map_err(|_| refused)
}

fn parse_subscription(object: &Object<'_>) -> Result<String, Rejection> {
    match object.text("subscriptionId") {
        Some(text) if is_guid(text) => Ok(text.to_ascii_lowercase()),
        None if !object.has("subscriptionId") => Ok(String::new()),
        _ => Err(Rejection::Member("subscriptionId")),
    }
}

fn is_guid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// `07/28/26 13:24:00 -0000`: the month first, the year in two digits, always in UTC.
fn parse_time(times: &Object<'_>, name: &'static str) -> Result<DateTime<Utc>, Rejection> {
    let time = times.text(name).and_then(|text| text.strip_suffix(" -0000"));
    // The parser alone would take fewer digits and other spaces.
    let time = time.filter(|text| text.len() == "MM/dd/yy HH:mm:ss".len());
    time.and_then(|text| NaiveDateTime::parse_from_str(text, "%m/%d/%y %H:%M:%S").ok())
        .map(|time| time.and_utc())
        .ok_or(Rejection::Member(name))
}
