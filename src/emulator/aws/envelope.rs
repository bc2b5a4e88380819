//! What does AWS's PKCS#7 message look like? Byte for byte like one of 2026, but for its values.
//!
//! Indefinite lengths on the outside, the document as one segment of a constructed OCTET STRING,
//! no certificate, and signed attributes that include CMSAlgorithmProtection (RFC 6211).

use chrono::{DateTime, Utc};
use der::asn1::ObjectIdentifier as Oid;
use sha2::{Digest as _, Sha256};

use super::key::{SigningError, SigningKey};
use crate::emulator::asn1::{
    definite, indefinite, null, object_identifier, octet_string, sequence, set, small_integer, tag,
};

const DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: Oid = Oid::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: Oid = Oid::new_unwrap("1.2.840.113549.1.9.5");
const ALGORITHM_PROTECTION: Oid = Oid::new_unwrap("1.2.840.113549.1.9.52");
const SHA_256: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_256_WITH_RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.11");
const ISSUER: [(Oid, &str); 4] = [
    (Oid::new_unwrap("2.5.4.6"), "US"),
    (Oid::new_unwrap("2.5.4.8"), "Washington State"),
    (Oid::new_unwrap("2.5.4.7"), "Seattle"),
    (Oid::new_unwrap("2.5.4.10"), "Amazon Web Services LLC"),
];

/// The message around a document.
///
/// # Errors
/// [`SigningError`] when the key cannot sign.
pub(super) fn message(
    document: &str,
    signed_at: DateTime<Utc>,
    key: &SigningKey,
) -> Result<Vec<u8>, SigningError> {
    let segment = octet_string(document.as_bytes());
    let content = indefinite(tag::CONSTRUCTED_OCTET_STRING, &[&segment]);
    let signed_data = indefinite(
        tag::SEQUENCE,
        &[
            &small_integer(1),
            &set(&[&sha_256()]),
            &indefinite(
                tag::SEQUENCE,
                &[&object_identifier(DATA), &indefinite(tag::CONTEXT_0, &[&content])],
            ),
            &set(&[&signer_info(document, signed_at, key)?]),
        ],
    );
    Ok(indefinite(
        tag::SEQUENCE,
        &[&object_identifier(SIGNED_DATA), &indefinite(tag::CONTEXT_0, &[&signed_data])],
    ))
}

fn signer_info(
    document: &str,
    signed_at: DateTime<Utc>,
    key: &SigningKey,
) -> Result<Vec<u8>, SigningError> {
    let attributes = signed_attributes(document, signed_at);
    // RFC 5652 section 5.4: what is signed has the tag of a SET, not the [0] of the message.
    let signature = key.sign(&set(&[&attributes]))?;
    Ok(sequence(&[
        &small_integer(1),
        &sequence(&[&issuer(), &small_integer(1)]),
        &sha_256(),
        &definite(tag::CONTEXT_0, &[&attributes]),
        &sequence(&[&object_identifier(SHA_256_WITH_RSA), &null()]),
        &octet_string(&signature),
    ]))
}

/// In the order of DER, which these lengths happen to give.
fn signed_attributes(document: &str, signed_at: DateTime<Utc>) -> Vec<u8> {
    let time = signed_at.format("%y%m%d%H%M%SZ").to_string();
    let signature_algorithm = [object_identifier(SHA_256_WITH_RSA), null()].concat();
    let protection = sequence(&[&sha_256(), &definite(tag::CONTEXT_1, &[&signature_algorithm])]);
    [
        attribute(CONTENT_TYPE, &object_identifier(DATA)),
        attribute(SIGNING_TIME, &definite(tag::UTC_TIME, &[time.as_bytes()])),
        attribute(ALGORITHM_PROTECTION, &protection),
        attribute(MESSAGE_DIGEST, &octet_string(&Sha256::digest(document.as_bytes()))),
    ]
    .concat()
}

fn attribute(name: Oid, value: &[u8]) -> Vec<u8> {
    sequence(&[&object_identifier(name), &set(&[value])])
}

/// Without parameters, as AWS writes it.
fn sha_256() -> Vec<u8> {
    sequence(&[&object_identifier(SHA_256)])
}

/// The issuer of the certificate that AWS publishes around its key.
fn issuer() -> Vec<u8> {
    let names: Vec<Vec<u8>> = ISSUER
        .iter()
        .map(|(oid, text)| {
            let value = definite(tag::PRINTABLE_STRING, &[text.as_bytes()]);
            set(&[&sequence(&[&object_identifier(*oid), &value])])
        })
        .collect();
    sequence(&[&names.concat()])
}
