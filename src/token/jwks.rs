//! How do others check our tokens? The key set (RFC 7517) that they fetch.

use serde::Serialize;
use utoipa::ToSchema;

use super::keys::KeyRing;

/// A JSON Web Key Set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct JwkSet {
    /// The published keys, the one that signs first.
    pub keys: Vec<Jwk>,
}

/// A P-256 public key (RFC 7518 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Jwk {
    /// `EC`.
    pub kty: &'static str,
    /// `P-256`.
    pub crv: &'static str,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// `ES256`.
    pub alg: &'static str,
    /// The RFC 7638 thumbprint.
    pub kid: String,
    /// First coordinate, base64url.
    pub x: String,
    /// Second coordinate, base64url.
    pub y: String,
}

impl JwkSet {
    /// The public half of every key on the ring.
    pub fn of(ring: &KeyRing) -> Self {
        let public = |key: &super::keys::SigningKey| {
            let (x, y) = key.coordinates();
            Jwk {
                kty: "EC",
                crv: "P-256",
                usage: "sig",
                alg: "ES256",
                kid: key.id().to_owned(),
                x: x.to_owned(),
                y: y.to_owned(),
            }
        };
        Self { keys: ring.iter().map(public).collect() }
    }
}
