//! Is this an instance identity document that AWS signed?
//!
//! Both kinds follow one way: the document names a region, the keys listed for that region and
//! kind are tried, and the document that is read is the very bytes that were verified. Nothing of
//! a document leaves this file before that.
//!
//! What is proven: AWS signed this document for that machine at some time, and whoever sends it
//! has it from there. Any process on the machine can read it, and it never expires: [AWS's
//! procedure][1] has no upper age, so neither has this one.
//!
//! [1]: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-iid.html

mod key;
mod trust;
mod trust_file;

pub use key::TrustedKey;
pub use trust::AwsTrust;

use chrono::{DateTime, TimeDelta, Utc};

use super::cms::{CmsError, SignedMessage};
use super::error::{ProofError, Rejection, VerifyError};
use super::instance::{Facts, VerifiedInstance};
use super::json::Object;
use super::policy::Policy;
use super::proof::{AwsEvidence, AwsKind, ProofKind};
use crate::names::{InstanceId, Provider};
use trust_file::is_region;

/// The one broken proof that honest callers send: the metadata service gives it first.
const SEND_RSA2048: ProofError = ProofError::new(
    "pkcs7",
    "it is signed by DSA with SHA-1, as the metadata service's `pkcs7` is; send \
     /latest/dynamic/instance-identity/rsa2048 instead",
);

/// Verifies a document of either kind: shape, signature, then time. The allow-lists are the
/// caller's next step.
///
/// # Errors
/// As [`verify`](super::verify()).
pub(super) fn verify(
    evidence: &AwsEvidence,
    trust: &AwsTrust,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<VerifiedInstance, VerifyError> {
    let kind = evidence.kind();
    if !policy.aws.accept.contains(&kind) {
        return Err(Rejection::KindNotAccepted(ProofKind::Aws(kind)).into());
    }
    let (document, signing_time) = match evidence {
        AwsEvidence::Pkcs7(message) => verify_pkcs7(message, trust)?,
        AwsEvidence::Document { document, signature } => {
            (verify_document(document, signature, trust)?, None)
        }
    };
    let latest = Latest { now, leeway: policy.leeway };
    latest.check("pendingTime", document.pending_time)?;
    if let Some(signing_time) = signing_time {
        latest.check("signingTime", signing_time)?;
    }
    Ok(document.into_instance(kind))
}

fn verify_pkcs7(
    message: &[u8],
    trust: &AwsTrust,
) -> Result<(Document, Option<DateTime<Utc>>), VerifyError> {
    let message = SignedMessage::parse_with_attributes(message).map_err(|error| match error {
        CmsError::Dsa => VerifyError::Malformed(SEND_RSA2048),
        other => VerifyError::Rejected(other.into()),
    })?;
    let document = Document::parse(&message.content)?;
    let (signed, signature) = (&message.signed, &message.signature);
    check_signature(&document, AwsKind::Rsa2048, trust, signed, signature)?;
    Ok((document, message.signing_time))
}

fn verify_document(
    bytes: &[u8],
    signature: &[u8],
    trust: &AwsTrust,
) -> Result<Document, VerifyError> {
    let document = Document::parse(bytes)?;
    check_signature(&document, AwsKind::Rsa1024, trust, bytes, signature)?;
    Ok(document)
}

/// Only keys listed for the document's own region and kind count: any other would let one region,
/// or the weaker kind, speak for another.
fn check_signature(
    document: &Document,
    kind: AwsKind,
    trust: &AwsTrust,
    signed: &[u8],
    signature: &[u8],
) -> Result<(), Rejection> {
    let mut keys = trust.select(&document.region, kind).peekable();
    if keys.peek().is_none() {
        return Err(Rejection::UnknownRegion {
            region: document.region.clone(),
            kind: ProofKind::Aws(kind),
        });
    }
    if keys.any(|key| key.verifies(signed, signature)) {
        Ok(())
    } else {
        Err(Rejection::SignatureInvalid)
    }
}

struct Latest {
    now: DateTime<Utc>,
    leeway: TimeDelta,
}

impl Latest {
    /// A document of the future was made by a clock, or a person, that is not to be trusted.
    fn check(&self, what: &'static str, time: DateTime<Utc>) -> Result<(), Rejection> {
        if time.signed_duration_since(self.now) > self.leeway {
            return Err(Rejection::TimeInFuture { what, time });
        }
        Ok(())
    }
}

/// What a document says; believed once its signature is.
struct Document {
    account: String,
    region: String,
    instance_id: InstanceId,
    pending_time: DateTime<Utc>,
    image_id: Option<String>,
    instance_type: Option<String>,
}

impl Document {
    fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let object = Object::parse(bytes)?;
        let text = |name| object.text(name).ok_or(Rejection::Member(name));
        Ok(Self {
            account: parse_account(text("accountId")?)?,
            region: parse_region(text("region")?)?,
            instance_id: InstanceId::parse(Provider::Aws, text("instanceId")?)
                .map_err(|_| Rejection::Member("instanceId"))?,
            pending_time: DateTime::parse_from_rfc3339(text("pendingTime")?)
                .map_err(|_| Rejection::Member("pendingTime"))?
                .to_utc(),
            image_id: object.text("imageId").map(str::to_owned),
            instance_type: object.text("instanceType").map(str::to_owned),
        })
    }

    fn into_instance(self, kind: AwsKind) -> VerifiedInstance {
        let Self { account, region, instance_id, pending_time, image_id, instance_type } = self;
        VerifiedInstance::new(ProofKind::Aws(kind), account, region, instance_id).with_facts(
            Facts { image_id, instance_type, launched_at: Some(pending_time), ..Facts::default() },
        )
    }
}

fn parse_account(text: &str) -> Result<String, Rejection> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err(Rejection::Member("accountId"))
    }
}

fn parse_region(text: &str) -> Result<String, Rejection> {
    if is_region(text) { Ok(text.to_owned()) } else { Err(Rejection::Member("region")) }
}
