//! With which keys? P-256 key pairs, and the ring of those that are published.
//!
//! p256 makes and reads the keys, so that they and their public form are the same on every
//! machine. aws-lc-rs signs and verifies with them, five times as fast (see `benches/`).

use std::fmt;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::verify::PublicKey;

/// A private key as PKCS#8 (RFC 5958), wiped when dropped.
pub type Pkcs8 = Zeroizing<Vec<u8>>;

/// A key pair that signs session tokens.
pub struct SigningKey {
    id: String,
    x: String,
    y: String,
    pair: EcdsaKeyPair,
    public: PublicKey,
    random: SystemRandom,
}

impl SigningKey {
    /// Makes a private key from 32 random bytes; `None` for the few that are no key (one in
    /// 2^32), which calls for other bytes.
    pub fn generate(random: &Zeroizing<[u8; 32]>) -> Option<Pkcs8> {
        let secret = p256::SecretKey::from_slice(random.as_slice()).ok()?;
        let document = secret.to_pkcs8_der().ok()?;
        Some(Zeroizing::new(document.as_bytes().to_vec()))
    }

    /// Reads a private key.
    ///
    /// # Errors
    /// [`NotAKey`] for bytes that are no P-256 private key.
    pub fn parse(pkcs8: &Pkcs8) -> Result<Self, NotAKey> {
        let secret = p256::SecretKey::from_pkcs8_der(pkcs8).map_err(|_| NotAKey)?;
        let point = secret.public_key().to_sec1_point(false);
        let coordinate = |part: Option<&[u8]>| part.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let x = coordinate(point.x().map(AsRef::as_ref)).ok_or(NotAKey)?;
        let y = coordinate(point.y().map(AsRef::as_ref)).ok_or(NotAKey)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
            .map_err(|_| NotAKey)?;
        let public = PublicKey::from_point(point.as_bytes()).ok_or(NotAKey)?;
        Ok(Self { id: thumbprint(&x, &y), x, y, pair, public, random: SystemRandom::new() })
    }

    /// The `kid`: the RFC 7638 thumbprint.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public point, each coordinate in base64url (RFC 7518 section 6.2.1).
    pub fn coordinates(&self) -> (&str, &str) {
        (&self.x, &self.y)
    }

    /// Signs, in the fixed form that JWS wants (RFC 7518 section 3.4).
    ///
    /// # Errors
    /// [`SigningFailed`] when the system gives no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<aws_lc_rs::signature::Signature, SigningFailed> {
        self.pair.sign(&self.random, message).map_err(|_| SigningFailed)
    }

    /// Whether this key made that signature over that message.
    pub fn is_signature(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.is_signature(message, signature)
    }

    /// The half that is published.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

/// 32 bytes of the system's randomness; `None` when it gives none.
pub fn random_bytes() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

/// RFC 7638 section 3: the required members in lexical order, no white space, SHA-256.
fn thumbprint(x: &str, y: &str) -> String {
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members.as_bytes()))
}

/// The keys that are published, the one that signs first. Never empty.
#[derive(Debug)]
pub struct KeyRing {
    signing: SigningKey,
    older: Vec<SigningKey>,
}

impl KeyRing {
    /// A ring of the key that signs and those whose tokens are still about.
    pub fn new(signing: SigningKey, older: Vec<SigningKey>) -> Self {
        Self { signing, older }
    }

    /// The key that signs.
    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// Every published key.
    pub fn iter(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.signing).chain(&self.older)
    }

    /// The published key of this `kid`.
    pub fn find(&self, id: &str) -> Option<&SigningKey> {
        self.iter().find(|key| key.id() == id)
    }
}

/// These bytes are no P-256 private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 private key")]
pub struct NotAKey;

/// The system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature could not be made")]
pub struct SigningFailed;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use p256::ecdsa::signature::{Signer as _, Verifier as _};

    pub(in crate::token) fn key(seed: u8) -> SigningKey {
        SigningKey::parse(&SigningKey::generate(&Zeroizing::new([seed; 32])).unwrap()).unwrap()
    }

    #[test]
    fn zero_is_no_key() {
        assert!(SigningKey::generate(&Zeroizing::new([0; 32])).is_none());
        assert!(SigningKey::parse(&Zeroizing::new(vec![1, 2, 3])).is_err());
    }

    #[test]
    fn the_thumbprint_is_that_of_an_independent_reader() {
        let key = key(7);
        let (x, y) = key.coordinates();
        let jwk = serde_json::json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(jwk).unwrap();
        let thumbprint = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap();
        assert_eq!(key.id(), thumbprint);
    }

    #[test]
    fn both_backends_read_each_others_signatures() {
        let pkcs8 = SigningKey::generate(&Zeroizing::new([9; 32])).unwrap();
        let fast = SigningKey::parse(&pkcs8).unwrap();
        let portable = p256::ecdsa::SigningKey::from_pkcs8_der(&pkcs8).unwrap();
        let ours = fast.sign(b"text").unwrap();
        let theirs: p256::ecdsa::Signature = portable.sign(b"text");
        let ours = p256::ecdsa::Signature::from_slice(ours.as_ref()).unwrap();
        assert!(portable.verifying_key().verify(b"text", &ours).is_ok());
        assert!(fast.is_signature(b"text", theirs.to_bytes().as_slice()));
        assert!(!fast.is_signature(b"texu", theirs.to_bytes().as_slice()));
    }

    #[test]
    fn a_ring_publishes_all_and_signs_with_the_first() {
        let (newest, older) = (key(1), key(2));
        let (newest_id, older_id) = (newest.id().to_owned(), older.id().to_owned());
        let ring = KeyRing::new(newest, vec![older]);
        assert_eq!(ring.signing().id(), newest_id);
        assert!(ring.find(&older_id).is_some());
        assert!(ring.find("other").is_none());
        assert_eq!(ring.iter().count(), 2);
    }
}
