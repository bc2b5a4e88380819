//! What checks a signature? A P-256 public key, for ES256 and nothing else, whatever a token says.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};

/// The length of a coordinate (RFC 7518 section 6.2.1.2).
const COORDINATE: usize = 32;

/// A public key of a broker's.
#[derive(Clone)]
pub struct PublicKey(Arc<ParsedPublicKey>);

impl PublicKey {
    /// The key at this point, uncompressed (SEC 1 section 2.3.3); `None` for what is no point of the
    /// curve.
    pub fn from_point(point: &[u8]) -> Option<Self> {
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?;
        Some(Self(Arc::new(parsed)))
    }

    /// The key of these coordinates, each of its full length.
    pub fn from_coordinates(x: &[u8], y: &[u8]) -> Option<Self> {
        if x.len() != COORDINATE || y.len() != COORDINATE {
            return None;
        }
        Self::from_point(&[&[4], x, y].concat())
    }

    /// Whether this key made that signature over that message, in the fixed form that JWS wants
    /// (RFC 7518 section 3.4).
    pub fn is_signature(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}
