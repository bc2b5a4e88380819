//! Hand-crafted PKCS#7 messages: genuine as made here, and every part of them can be changed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::emulator::asn1::{
    definite, null, object_identifier, octet_string, sequence, set, small_integer, tag,
};
use callsign::emulator::aws::SigningKey;
use callsign::identity::IdentityProof;
use der::asn1::ObjectIdentifier as Oid;
use sha2::{Digest as _, Sha256};

use super::fixture::{SIGNER, document, verified, word};

pub const DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
pub const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
pub const CONTENT_TYPE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.3");
pub const MESSAGE_DIGEST: Oid = Oid::new_unwrap("1.2.840.113549.1.9.4");
pub const SIGNING_TIME: Oid = Oid::new_unwrap("1.2.840.113549.1.9.5");
pub const ALGORITHM_PROTECTION: Oid = Oid::new_unwrap("1.2.840.113549.1.9.52");
pub const SHA_256: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.1");
pub const SHA_1: Oid = Oid::new_unwrap("1.3.14.3.2.26");
pub const MD5: Oid = Oid::new_unwrap("1.2.840.113549.2.5");
pub const RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.1");
pub const SHA_256_WITH_RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.11");
pub const SHA_512_WITH_RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.13");
pub const DSA_WITH_SHA_1: Oid = Oid::new_unwrap("1.2.840.10040.4.3");

/// The parts of a message, in DER.
pub struct Envelope {
    pub outer_type: Oid,
    pub version: u8,
    pub digest_algorithms: Vec<Vec<u8>>,
    pub content_type: Oid,
    pub content: Option<Vec<u8>>,
    pub certificates: Vec<u8>,
    pub signer_version: u8,
    /// Issuer and serial number of the signer's certificate.
    pub signer: Vec<u8>,
    pub digest_algorithm: Vec<u8>,
    /// Sorted before they are signed, as DER wants it; sent as they are.
    pub attributes: Vec<Vec<u8>>,
    pub signature_algorithm: Vec<u8>,
    /// Signed instead of the attributes, if given.
    pub signed: Option<Vec<u8>>,
    /// Sent instead of a signature by the key, if given.
    pub signature: Option<Vec<u8>>,
    pub unsigned_attributes: Vec<u8>,
    pub signers: usize,
    pub key: SigningKey,
}

impl Envelope {
    /// A genuine message over a document.
    pub fn over(document: &str) -> Self {
        Self {
            outer_type: SIGNED_DATA,
            version: 1,
            digest_algorithms: vec![algorithm(SHA_256)],
            content_type: DATA,
            content: Some(document.as_bytes().to_vec()),
            certificates: Vec::new(),
            signer_version: 1,
            signer: sequence(&[&sequence(&[]), &small_integer(1)]),
            digest_algorithm: algorithm(SHA_256),
            attributes: vec![content_type(DATA), message_digest(document)],
            signature_algorithm: algorithm(RSA),
            signed: None,
            signature: None,
            unsigned_attributes: Vec::new(),
            signers: 1,
            key: SIGNER.rsa2048_key().clone(),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let parts = |list: &[Vec<u8>]| list.concat();
        let content = self
            .content
            .as_ref()
            .map_or_else(Vec::new, |content| definite(tag::CONTEXT_0, &[&octet_string(content)]));
        let info = sequence(&[&object_identifier(self.content_type), &content]);
        let signed_data = sequence(&[
            &small_integer(self.version),
            &set(&[&parts(&self.digest_algorithms)]),
            &info,
            &self.certificates,
            &set(&[&self.signer_info().repeat(self.signers)]),
        ]);
        let content = definite(tag::CONTEXT_0, &[&signed_data]);
        sequence(&[&object_identifier(self.outer_type), &content])
    }

    fn signer_info(&self) -> Vec<u8> {
        let mut sorted = self.attributes.clone();
        sorted.sort();
        let signed = self.signed.clone();
        let signed = signed.unwrap_or_else(|| set(&[&sorted.concat()]));
        let attributes = if self.attributes.is_empty() {
            Vec::new()
        } else {
            definite(tag::CONTEXT_0, &[&self.attributes.concat()])
        };
        let signature = self.signature.clone();
        let signature = signature.unwrap_or_else(|| self.key.sign(&signed).unwrap());
        sequence(&[
            &small_integer(self.signer_version),
            &self.signer,
            &self.digest_algorithm,
            &attributes,
            &self.signature_algorithm,
            &octet_string(&signature),
            &self.unsigned_attributes,
        ])
    }
}

pub fn algorithm(oid: Oid) -> Vec<u8> {
    sequence(&[&object_identifier(oid), &null()])
}

pub fn attribute(name: Oid, values: &[&[u8]]) -> Vec<u8> {
    sequence(&[&object_identifier(name), &set(values)])
}

pub fn content_type(oid: Oid) -> Vec<u8> {
    attribute(CONTENT_TYPE, &[&object_identifier(oid)])
}

pub fn message_digest(content: &str) -> Vec<u8> {
    let digest = Sha256::digest(content.as_bytes());
    attribute(MESSAGE_DIGEST, &[&octet_string(&digest)])
}

pub fn algorithm_protection(digest: Oid, signature: Oid) -> Vec<u8> {
    let signature = [object_identifier(signature), null()].concat();
    let value = sequence(&[&algorithm(digest), &definite(tag::CONTEXT_1, &[&signature])]);
    attribute(ALGORITHM_PROTECTION, &[&value])
}

pub fn proof(message: &[u8]) -> IdentityProof {
    IdentityProof::aws_pkcs7(&STANDARD.encode(message)).unwrap()
}

/// The verdict on a genuine message with one thing changed.
pub fn verdict(change: impl FnOnce(&mut Envelope)) -> &'static str {
    let mut envelope = Envelope::over(&document());
    change(&mut envelope);
    word(verified(&proof(&envelope.encode())))
}
