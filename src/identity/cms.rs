//! What exactly did the signer of this CMS message sign? (RFC 5652)
//!
//! Reads SignedData with one signer and checks everything that a signature alone does not: the
//! algorithms, and that the signed attributes speak of this content. The caller says whether
//! its provider signs attributes, by the function it calls: a verifier that takes whichever form
//! is there can be shown the attributes of one message as the content of another. Certificates
//! inside a message are no evidence and are not looked at. Knows no provider and no key.

mod attributes;
mod ber;
mod error;
mod types;

pub use error::CmsError;

use chrono::{DateTime, Utc};
use der::asn1::ObjectIdentifier;
use der::{Decode as _, Encode as _};
use spki::AlgorithmIdentifierRef;

use types::{ContentInfo, EncapsulatedContentInfo, SignedData, SignerInfo, oid};

/// A message in which everything agrees, but whose signature nobody has checked yet.
#[derive(Debug)]
pub(super) struct SignedMessage {
    /// What the message carries.
    pub(super) content: Vec<u8>,
    /// The bytes that the signature is over.
    pub(super) signed: Vec<u8>,
    /// The signature: RSA, PKCS#1 v1.5, SHA-256.
    pub(super) signature: Vec<u8>,
    /// When the signer says that it signed.
    pub(super) signing_time: Option<DateTime<Utc>>,
}

impl SignedMessage {
    /// Parses a message whose provider signs attributes that hold the content's digest.
    ///
    /// # Errors
    /// [`CmsError`] for a message that breaks a rule of RFC 5652, or one of this module's.
    pub(super) fn parse_with_attributes(message: &[u8]) -> Result<Self, CmsError> {
        let der = ber::to_der(message)?;
        let signed_data = parse_signed_data(&der)?;
        let signer = find_only_signer(&signed_data)?;
        check_algorithms(&signed_data, signer)?;
        let content = find_content(&signed_data.encap_content_info)?;
        let attributes = signer.signed_attributes.as_ref();
        let attributes = attributes.ok_or(CmsError::AttributesMissing)?;
        attributes::check_content_type(attributes)?;
        attributes::check_digest(attributes, content)?;
        attributes::check_algorithm_protection(attributes, signer)?;
        Ok(Self {
            content: content.to_vec(),
            // RFC 5652 section 5.4: signed as an explicit SET OF in DER, sorted, whatever the
            // message holds.
            signed: attributes.to_der()?,
            signature: signer.signature.as_bytes().to_vec(),
            signing_time: attributes::find_signing_time(attributes)?,
        })
    }
}

fn parse_signed_data(der: &[u8]) -> Result<SignedData<'_>, CmsError> {
    let info = ContentInfo::from_der(der)?;
    if info.content_type != oid::SIGNED_DATA {
        return Err(CmsError::NotCms);
    }
    let signed_data: SignedData<'_> = info.content.decode_as()?;
    // Version 1 goes with content of the type data and signers named by issuer and serial.
    if signed_data.version != 1 {
        return Err(CmsError::Version);
    }
    Ok(signed_data)
}

/// With several signers, each reader could believe another one.
fn find_only_signer<'m, 'a>(message: &'m SignedData<'a>) -> Result<&'m SignerInfo<'a>, CmsError> {
    match message.signer_infos.as_slice() {
        [signer] if signer.version == 1 => Ok(signer),
        [_] => Err(CmsError::Version),
        _ => Err(CmsError::SignerCount),
    }
}

fn check_algorithms(message: &SignedData<'_>, signer: &SignerInfo<'_>) -> Result<(), CmsError> {
    if oid::DSA.contains(&signer.signature_algorithm.oid) {
        return Err(CmsError::Dsa);
    }
    let [announced] = message.digest_algorithms.as_slice() else {
        return Err(CmsError::Algorithm);
    };
    let digests = [announced, &signer.digest_algorithm];
    let signature = &signer.signature_algorithm;
    let signature_is_rsa =
        is(signature, oid::RSA_ENCRYPTION) || is(signature, oid::SHA_256_WITH_RSA);
    if !signature_is_rsa || !digests.into_iter().all(|digest| is(digest, oid::SHA_256)) {
        return Err(CmsError::Algorithm);
    }
    Ok(())
}

/// Parameters are NULL or absent with these algorithms (RFC 3370 section 2.1, RFC 4055 section
/// 2.1), and AWS has sent both.
fn is(algorithm: &AlgorithmIdentifierRef<'_>, wanted: ObjectIdentifier) -> bool {
    let plain = algorithm.parameters.is_none_or(|parameters| parameters.is_null());
    algorithm.oid == wanted && plain
}

fn find_content<'a>(info: &EncapsulatedContentInfo<'a>) -> Result<&'a [u8], CmsError> {
    if info.content_type != oid::DATA {
        return Err(CmsError::ContentType);
    }
    let content = info.content.ok_or(CmsError::ContentMissing)?;
    Ok(content.as_bytes())
}
