//! What does a key set say? The RSA keys in it that may sign by RS256, found by their `kid`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use der::asn1::UintRef;
use der::{Encode as _, Sequence};

use crate::identity::json::{JsonError, Object};

/// The longest key set, in bytes. Google's has two or three keys, in 2 KiB.
pub(in crate::identity) const MAX_LENGTH: usize = 64 * 1024;

/// The most keys in one set.
const MAX_KEYS: usize = 32;

/// The sizes of modulus that count, in bits.
const BITS: RangeInclusive<usize> = 2048..=8192;

/// The longest `kid`.
const MAX_KEY_ID: usize = 128;

/// The keys of an issuer, found by their id.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: BTreeMap<String, RsaKey>,
}

/// Why bytes are no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Longer than any.
    #[error("it is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// Not JSON that can be read in one way only.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// No array of keys.
    #[error("it has no array `keys`")]
    NoKeys,
    /// More keys than any.
    #[error("it has more than {MAX_KEYS} keys")]
    TooMany,
    /// Two keys answer to one id.
    #[error("two of its keys have the same `kid`")]
    DuplicateId,
    /// Nothing in it that could check a token.
    #[error(
        "none of its keys is an RSA key of 2048 to 8192 bits for RS256 signatures with a `kid`"
    )]
    NoneUsable,
}

impl KeySet {
    /// Parses a key set. Keys of other types, uses and algorithms are passed over (RFC 7517
    /// section 5), and so is one that is broken: it must not take the good ones down with it.
    ///
    /// # Errors
    /// [`KeySetError`] for anything but a bounded set with at least one usable key.
    pub fn parse(json: &[u8]) -> Result<Self, KeySetError> {
        if json.len() > MAX_LENGTH {
            return Err(KeySetError::TooLong);
        }
        let object = Object::parse(json)?;
        let mut keys = BTreeMap::new();
        for (index, jwk) in object.objects("keys").ok_or(KeySetError::NoKeys)?.enumerate() {
            if index == MAX_KEYS {
                return Err(KeySetError::TooMany);
            }
            let Some((id, key)) = parse_key(jwk) else { continue };
            match keys.entry(id) {
                Entry::Vacant(place) => place.insert(key),
                Entry::Occupied(_) => return Err(KeySetError::DuplicateId),
            };
        }
        if keys.is_empty() { Err(KeySetError::NoneUsable) } else { Ok(Self { keys }) }
    }

    /// The ids of the keys, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    #[cfg(test)]
    pub(super) fn empty() -> Self {
        Self { keys: BTreeMap::new() }
    }

    pub(in crate::identity) fn find(&self, id: &str) -> Option<&RsaKey> {
        self.keys.get(id)
    }
}

/// A key that checks RS256 signatures, and no other kind, whatever anyone asks of it.
#[derive(Clone)]
pub(in crate::identity) struct RsaKey(Arc<ParsedPublicKey>);

impl RsaKey {
    /// Whether this key made this signature: RSA, PKCS#1 v1.5, SHA-256.
    pub(in crate::identity) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaKey")
    }
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1).
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

fn parse_key(jwk: &Object<'_>) -> Option<(String, RsaKey)> {
    // A member that is there must say what it should; one that is not restricts nothing.
    let says = |name, value| !jwk.has(name) || jwk.text(name) == Some(value);
    if jwk.text("kty") != Some("RSA") || !says("use", "sig") || !says("alg", "RS256") {
        return None;
    }
    let id = jwk.text("kid").filter(|id| (1..=MAX_KEY_ID).contains(&id.len()))?;
    let number = |name| URL_SAFE_NO_PAD.decode(jwk.text(name)?).ok();
    let key = parse_rsa(&number("n")?, &number("e")?)?;
    Some((id.to_owned(), key))
}

/// The library holds the exponent to what is safe; the size of the modulus it holds to when it
/// verifies, which is too late to leave a key out.
fn parse_rsa(modulus: &[u8], exponent: &[u8]) -> Option<RsaKey> {
    let key = RsaPublicKey {
        modulus: UintRef::new(modulus).ok()?,
        public_exponent: UintRef::new(exponent).ok()?,
    };
    if !BITS.contains(&bits(&key.modulus)?) {
        return None;
    }
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.to_der().ok()?).ok()?;
    Some(RsaKey(Arc::new(key)))
}

fn bits(number: &UintRef<'_>) -> Option<usize> {
    let unused = number.as_bytes().first()?.leading_zeros();
    Some(number.as_bytes().len() * 8 - usize::try_from(unused).ok()?)
}
