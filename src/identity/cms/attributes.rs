//! What do the signed attributes of a message say? (RFC 5652 sections 5.3 and 11)
//!
//! A signature that covers attributes covers the content only through them, so each rule here
//! carries the whole proof. Knows nothing of the signature.

use chrono::{DateTime, Utc};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, SetOfVec};
use der::{Decode as _, Encode as _};
use sha2::{Digest as _, Sha256};
use x509_cert::time::Time;

use super::error::CmsError;
use super::is;
use super::types::{AlgorithmProtection, Attribute, SignerInfo, oid};

type Attributes<'a> = SetOfVec<Attribute<'a>>;

/// Finds the value of an attribute: RFC 5652 section 11 allows each one once, with one value.
fn find_value<'a>(
    attributes: &Attributes<'a>,
    wanted: ObjectIdentifier,
) -> Result<Option<AnyRef<'a>>, CmsError> {
    let mut found = attributes.iter().filter(|attribute| attribute.attribute_type == wanted);
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(attribute), None) => match attribute.values.as_slice() {
            [value] => Ok(Some(*value)),
            _ => Err(CmsError::Attribute),
        },
        (Some(_), Some(_)) => Err(CmsError::Attribute),
    }
}

pub(super) fn check_content_type(attributes: &Attributes<'_>) -> Result<(), CmsError> {
    let value = find_value(attributes, oid::CONTENT_TYPE)?.ok_or(CmsError::Attribute)?;
    let content_type: ObjectIdentifier = value.decode_as().map_err(|_| CmsError::Attribute)?;
    if content_type == oid::DATA { Ok(()) } else { Err(CmsError::ContentType) }
}

/// Without this, any content could be put beside attributes that were signed for another.
pub(super) fn check_digest(attributes: &Attributes<'_>, content: &[u8]) -> Result<(), CmsError> {
    let value = find_value(attributes, oid::MESSAGE_DIGEST)?.ok_or(CmsError::Attribute)?;
    let digest: &OctetStringRef = value.decode_as().map_err(|_| CmsError::Attribute)?;
    if digest.as_bytes() == Sha256::digest(content).as_slice() {
        Ok(())
    } else {
        Err(CmsError::DigestMismatch)
    }
}

/// AWS signs this attribute since 2021. Where it is, it must name the algorithms in use (RFC
/// 6211 section 2).
pub(super) fn check_algorithm_protection(
    attributes: &Attributes<'_>,
    signer: &SignerInfo<'_>,
) -> Result<(), CmsError> {
    let Some(value) = find_value(attributes, oid::ALGORITHM_PROTECTION)? else {
        return Ok(());
    };
    let protected: AlgorithmProtection<'_> = value.decode_as().map_err(|_| CmsError::Attribute)?;
    let agrees = is(&protected.digest_algorithm, signer.digest_algorithm.oid)
        && is(&protected.signature_algorithm, signer.signature_algorithm.oid);
    if agrees { Ok(()) } else { Err(CmsError::AlgorithmProtection) }
}

pub(super) fn find_signing_time(
    attributes: &Attributes<'_>,
) -> Result<Option<DateTime<Utc>>, CmsError> {
    let Some(value) = find_value(attributes, oid::SIGNING_TIME)? else {
        return Ok(None);
    };
    let time = Time::from_der(&value.to_der()?).map_err(|_| CmsError::Attribute)?;
    Ok(Some(time.to_system_time().into()))
}
