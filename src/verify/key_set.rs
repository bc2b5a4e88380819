//! What does a broker's key set say (RFC 7517)? The P-256 keys in it, found by their `kid`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::public_key::PublicKey;

/// The longest key set, in bytes. A broker's has one or two keys, in half a KiB.
pub(super) const MAX_LENGTH: usize = 64 * 1024;

/// The most keys in one set.
const MAX_KEYS: usize = 32;

/// The longest `kid`; ours are thumbprints of 43 characters.
const MAX_KEY_ID: usize = 128;

/// The keys of a broker, found by their id.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: BTreeMap<String, PublicKey>,
}

/// Why bytes are no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Longer than any.
    #[error("it is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// Not a JSON object with an array of keys.
    #[error("it is no JSON object with an array `keys`")]
    NoKeys,
    /// More keys than any.
    #[error("it has more than {MAX_KEYS} keys")]
    TooMany,
    /// Two keys answer to one id.
    #[error("two of its keys have the same `kid`")]
    DuplicateId,
    /// Nothing in it that could check a token.
    #[error("none of its keys is a P-256 key for ES256 signatures with a `kid`")]
    NoneUsable,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    kid: String,
    x: String,
    y: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
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
        let document: Document = serde_json::from_slice(json).map_err(|_| KeySetError::NoKeys)?;
        if document.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany);
        }
        let mut keys = BTreeMap::new();
        for (id, key) in document.keys.into_iter().filter_map(parse_key) {
            match keys.entry(id) {
                Entry::Vacant(place) => place.insert(key),
                Entry::Occupied(_) => return Err(KeySetError::DuplicateId),
            };
        }
        if keys.is_empty() { Err(KeySetError::NoneUsable) } else { Ok(Self { keys }) }
    }

    /// The key of this `kid`.
    pub fn find(&self, id: &str) -> Option<&PublicKey> {
        self.keys.get(id)
    }
}

fn parse_key(jwk: serde_json::Value) -> Option<(String, PublicKey)> {
    let Jwk { kty, crv, kid, x, y, usage, alg } = serde_json::from_value(jwk).ok()?;
    // A member that is there must say what it should; one that is not restricts nothing.
    let says = |member: Option<String>, word| member.is_none_or(|said| said == word);
    let is_ours = kty == "EC" && crv == "P-256" && says(usage, "sig") && says(alg, "ES256");
    if !is_ours || !(1..=MAX_KEY_ID).contains(&kid.len()) {
        return None;
    }
    let coordinate = |text: String| URL_SAFE_NO_PAD.decode(text).ok();
    Some((kid, PublicKey::from_coordinates(&coordinate(x)?, &coordinate(y)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    // The example of RFC 7517 appendix A.1.
    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

    fn jwk(kid: &str) -> Value {
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": X, "y": Y })
    }

    fn parse(keys: &[Value]) -> Result<KeySet, KeySetError> {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    fn with(name: &str, value: Value) -> Value {
        let mut jwk = jwk("other");
        jwk[name] = value;
        jwk
    }

    #[test]
    fn keys_are_found_by_their_id() {
        let set = parse(&[jwk("a"), jwk("b")]).unwrap();
        assert!(set.find("a").is_some() && set.find("b").is_some() && set.find("c").is_none());
    }

    #[test]
    fn what_cannot_check_es256_is_passed_over() {
        let short = URL_SAFE_NO_PAD.encode([1; 31]);
        let off_the_curve = URL_SAFE_NO_PAD.encode([1; 32]);
        for other in [
            with("kty", json!("RSA")),
            with("kty", json!("oct")),
            with("crv", json!("P-384")),
            with("use", json!("enc")),
            with("alg", json!("HS256")),
            with("alg", json!(["ES256"])),
            with("kid", Value::Null),
            with("kid", json!("")),
            with("kid", json!("k".repeat(MAX_KEY_ID + 1))),
            with("x", json!(short)),
            with("x", json!(format!("{X}=="))),
            with("y", json!(off_the_curve)),
            json!("text"),
        ] {
            let set = parse(&[other.clone(), jwk("good")]).unwrap();
            assert_eq!(set.keys.keys().collect::<Vec<_>>(), ["good"], "{other}");
            assert_eq!(parse(&[other]).unwrap_err(), KeySetError::NoneUsable);
        }
    }

    #[test]
    fn a_set_is_bounded_and_each_id_is_one_keys() {
        assert_eq!(parse(&[jwk("a"), jwk("a")]).unwrap_err(), KeySetError::DuplicateId);
        let many: Vec<Value> = (0..=MAX_KEYS).map(|index| jwk(&index.to_string())).collect();
        assert_eq!(parse(&many).unwrap_err(), KeySetError::TooMany);
        assert_eq!(KeySet::parse(&vec![b' '; MAX_LENGTH + 1]).unwrap_err(), KeySetError::TooLong);
        for broken in ["", "[]", "{}", r#"{"keys": {}}"#, r#"{"keys": [], "keys": []}"#] {
            assert_eq!(KeySet::parse(broken.as_bytes()).unwrap_err(), KeySetError::NoKeys);
        }
        assert_eq!(parse(&[]).unwrap_err(), KeySetError::NoneUsable);
    }
}
