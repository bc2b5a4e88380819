//! Which RSA key is this, and did it make that signature?

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RsaParameters,
};
use chrono::{DateTime, Utc};
use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode as _, Sequence};
use spki::SubjectPublicKeyInfoRef;

use crate::identity::proof::AwsKind;
use crate::identity::trust_file::fingerprint;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A key that AWS signs documents of one region and kind with.
#[derive(Clone)]
pub struct TrustedKey {
    region: String,
    kind: AwsKind,
    certificate_not_after: Option<DateTime<Utc>>,
    bits: usize,
    spki_sha256: String,
    key: Arc<ParsedPublicKey>,
}

/// Why bytes are no key of a kind; reads on from "the key".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    #[error("is not the DER of a SubjectPublicKeyInfo that holds an RSA key")]
    NotRsa,
    #[error("has {0} bits; the kind takes {1} to 8192")]
    Size(usize, usize),
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1).
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl TrustedKey {
    /// Parses a key that is listed for a region and kind.
    ///
    /// # Errors
    /// [`KeyError`] for another structure, algorithm or size than the kind takes.
    pub(super) fn parse(region: String, kind: AwsKind, spki: &[u8]) -> Result<Self, KeyError> {
        let bits = rsa_bits(spki).ok_or(KeyError::NotRsa)?;
        if !(least_bits(kind)..=8192).contains(&bits) {
            return Err(KeyError::Size(bits, least_bits(kind)));
        }
        let key = ParsedPublicKey::new(algorithm(kind), spki).map_err(|_| KeyError::NotRsa)?;
        Ok(Self {
            region,
            kind,
            certificate_not_after: None,
            bits,
            spki_sha256: fingerprint(spki),
            key: Arc::new(key),
        })
    }

    /// The same key, as taken out of a certificate that expires then.
    pub(super) fn in_certificate(self, not_after: Option<DateTime<Utc>>) -> Self {
        Self { certificate_not_after: not_after, ..self }
    }

    /// Whether this key made this signature over this message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }

    /// The region whose documents it signs.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The kind of document it signs.
    pub fn kind(&self) -> AwsKind {
        self.kind
    }

    /// The size of its modulus.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// SHA-256 of its SubjectPublicKeyInfo, in hexadecimal.
    pub fn spki_sha256(&self) -> &str {
        &self.spki_sha256
    }

    /// When the certificate expires that it was taken out of, if it was. This refuses nothing.
    pub fn certificate_not_after(&self) -> Option<DateTime<Utc>> {
        self.certificate_not_after
    }
}

impl fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.as_str();
        write!(f, "TrustedKey({} {kind} {})", self.region, self.spki_sha256)
    }
}

/// AWS's own keys have 1024 bits where the kind says so. That is weak, but it is what
/// [AWS signs with][1], and an operator can leave the kind out; for `rsa2048` there is no reason
/// to take less than it says.
///
/// [1]: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-iid.html
fn least_bits(kind: AwsKind) -> usize {
    match kind {
        AwsKind::Rsa2048 => 2048,
        AwsKind::Rsa1024 => 1024,
    }
}

fn algorithm(kind: AwsKind) -> &'static RsaParameters {
    match kind {
        AwsKind::Rsa2048 => &RSA_PKCS1_2048_8192_SHA256,
        AwsKind::Rsa1024 => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    }
}

fn rsa_bits(spki: &[u8]) -> Option<usize> {
    let spki = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    if spki.algorithm.oid != RSA_ENCRYPTION {
        return None;
    }
    let key = RsaPublicKey::from_der(spki.subject_public_key.as_bytes()?).ok()?;
    let modulus = key.modulus.as_bytes();
    let unused = modulus.first()?.leading_zeros();
    Some(modulus.len() * 8 - usize::try_from(unused).ok()?)
}
