//! What does Azure's PKCS#7 message look like? As those of 2026, but for its values.
//!
//! DER, the leaf alone, no signed attributes, and the signature's algorithm where the digest's
//! belongs.

use der::asn1::ObjectIdentifier as Oid;
use der::{Decode as _, Encode as _};
use x509_cert::Certificate;

use crate::emulator::asn1::{
    definite, null, object_identifier, octet_string, sequence, set, small_integer, tag,
};
use crate::emulator::aws::{SigningError, SigningKey};

const DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
const RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.1");
const SHA_256_WITH_RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.11");

/// The message around a document, signed by the key of this certificate.
///
/// # Errors
/// [`SigningError`] when the key cannot sign.
pub(super) fn message(
    document: &str,
    leaf: &[u8],
    key: &SigningKey,
) -> Result<Vec<u8>, SigningError> {
    let content = definite(tag::CONTEXT_0, &[&octet_string(document.as_bytes())]);
    let signer = sequence(&[
        &small_integer(1),
        &issuer_and_serial_number(leaf)?,
        &algorithm(SHA_256_WITH_RSA),
        &algorithm(RSA),
        &octet_string(&key.sign(document.as_bytes())?),
    ]);
    let signed_data = sequence(&[
        &small_integer(1),
        &set(&[&algorithm(SHA_256_WITH_RSA)]),
        &sequence(&[&object_identifier(DATA), &content]),
        &definite(tag::CONTEXT_0, &[leaf]),
        &set(&[&signer]),
    ]);
    Ok(sequence(&[&object_identifier(SIGNED_DATA), &definite(tag::CONTEXT_0, &[&signed_data])]))
}

fn issuer_and_serial_number(leaf: &[u8]) -> Result<Vec<u8>, SigningError> {
    let leaf = Certificate::from_der(leaf).map_err(|_| SigningError)?;
    let leaf = leaf.tbs_certificate();
    let issuer = leaf.issuer().to_der().map_err(|_| SigningError)?;
    let serial_number = leaf.serial_number().to_der().map_err(|_| SigningError)?;
    Ok(sequence(&[&issuer, &serial_number]))
}

fn algorithm(oid: Oid) -> Vec<u8> {
    sequence(&[&object_identifier(oid), &null()])
}
