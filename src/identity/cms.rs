//! What exactly did the signer of this CMS message sign? (RFC 5652)
//!
//! Reads SignedData with one signer and checks everything that a signature alone does not: the
//! algorithms, and that the signed attributes speak of this content. The caller says what its
//! provider sends, by the function it calls: a verifier that takes whichever form is there can be
//! shown the attributes of one message as the content of another. Certificates inside a message
//! are no evidence: they are handed on unread, or not looked at. Knows no provider and no key.

mod attributes;
mod ber;
mod error;
mod types;

pub use error::CmsError;

use chrono::{DateTime, Utc};
use der::asn1::{ObjectIdentifier, SetOfVec};
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

/// A message that names its signer and brings certificates along, none of which is believed.
#[derive(Debug)]
pub(super) struct CertifiedMessage {
    /// What was signed.
    pub(super) message: SignedMessage,
    /// By whom, as the message says.
    pub(super) signer: SignerName,
    /// What the message holds in the place of certificates.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// The certificate that a signer says is its own (RFC 5652 section 10.2.4).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SignerName {
    /// The content of its issuer's name, in DER.
    pub(super) issuer: Vec<u8>,
    /// Its serial number, without leading noughts.
    pub(super) serial_number: Vec<u8>,
}

impl SignedMessage {
    /// Parses a message whose provider signs attributes that hold the content's digest.
    ///
    /// # Errors
    /// [`CmsError`] for a message that breaks a rule of RFC 5652, or one of this module's.
    pub(super) fn parse_with_attributes(message: &[u8]) -> Result<Self, CmsError> {
        let der = ber::to_der(message)?;
        let signed_data = parse_signed_data(&der)?;
        Self::over_attributes(&signed_data, find_only_signer(&signed_data)?)
    }

    fn over_attributes(
        message: &SignedData<'_>,
        signer: &SignerInfo<'_>,
    ) -> Result<Self, CmsError> {
        check_algorithms(message, signer, oid::SHA_256)?;
        let content = find_content(&message.encap_content_info)?;
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

    /// Azure writes the signature's algorithm where the digest's belongs. That is taken, in both of
    /// the places or in none, and only here: nothing else is known to write it.
    fn over_content(message: &SignedData<'_>, signer: &SignerInfo<'_>) -> Result<Self, CmsError> {
        let misplaced = is(&signer.digest_algorithm, oid::SHA_256_WITH_RSA);
        let digest = if misplaced { oid::SHA_256_WITH_RSA } else { oid::SHA_256 };
        check_algorithms(message, signer, digest)?;
        let content = find_content(&message.encap_content_info)?;
        Ok(Self {
            content: content.to_vec(),
            signed: content.to_vec(),
            signature: signer.signature.as_bytes().to_vec(),
            signing_time: None,
        })
    }
}

impl CertifiedMessage {
    /// Parses a message in DER whose provider signs a JSON object, directly or by attributes: with
    /// such content, neither form can be shown as the other, since a set of attributes begins with
    /// another byte than `{`. The caller must read the content as JSON.
    ///
    /// # Errors
    /// [`CmsError`] for a message that breaks a rule of RFC 5652, or one of this module's.
    pub(super) fn parse(message: &[u8]) -> Result<Self, CmsError> {
        // The rewriting bounds the depth; what it changes was not DER.
        if ber::to_der(message)? != message {
            return Err(CmsError::NotDer);
        }
        let signed_data = parse_signed_data(message)?;
        let signer = find_only_signer(&signed_data)?;
        let certificates = signed_data.certificates.iter().flat_map(SetOfVec::iter);
        Ok(Self {
            message: match signer.signed_attributes {
                Some(_) => SignedMessage::over_attributes(&signed_data, signer)?,
                None => SignedMessage::over_content(&signed_data, signer)?,
            },
            signer: SignerName {
                issuer: signer.signer.issuer.value().to_vec(),
                serial_number: signer.signer.serial_number.as_bytes().to_vec(),
            },
            certificates: certificates.map(|any| any.to_der()).collect::<Result<_, _>>()?,
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

fn check_algorithms(
    message: &SignedData<'_>,
    signer: &SignerInfo<'_>,
    digest: ObjectIdentifier,
) -> Result<(), CmsError> {
    if oid::DSA.contains(&signer.signature_algorithm.oid) {
        return Err(CmsError::Dsa);
    }
    let [announced] = message.digest_algorithms.as_slice() else {
        return Err(CmsError::Algorithm);
    };
    let mut digests = [announced, &signer.digest_algorithm].into_iter();
    let signature = &signer.signature_algorithm;
    let signature_is_rsa =
        is(signature, oid::RSA_ENCRYPTION) || is(signature, oid::SHA_256_WITH_RSA);
    if !signature_is_rsa || !digests.all(|used| is(used, digest)) {
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
