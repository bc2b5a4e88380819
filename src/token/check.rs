//! Is this one of our tokens, and what does it say? The signature and the times, as a pure
//! function; whether it still stands is for the record to say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::claims::Claims;
use super::keys::KeyRing;

/// The longest token that is looked at, in bytes; ours have about 900.
const MAX_LENGTH: usize = 8 * 1024;

/// Why a token is not accepted. The caller learns only that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// Not three parts of base64url, or not JSON inside.
    #[error("not a token of ours: malformed")]
    Malformed,
    /// Another algorithm or type than we make, or an extension that we do not know.
    #[error("not a token of ours: another algorithm or type")]
    Foreign,
    /// No published key has this `kid`.
    #[error("not a token of ours: unknown key")]
    UnknownKey,
    /// The signature is not of that key over these bytes.
    #[error("not a token of ours: bad signature")]
    BadSignature,
    /// Another broker's.
    #[error("a token of another issuer")]
    OtherIssuer,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Not on record, revoked, or its agent or resource is retired.
    #[error("no longer stands: revoked, or its agent is retired")]
    Ended,
}

/// The header as we write it. Nothing in it decides how the token is checked.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    /// RFC 7515 section 4.1.11: an extension that must be understood. We understand none.
    crit: Option<serde_json::Value>,
}

/// Checks a token against the published keys, our issuer and the time.
///
/// # Errors
/// [`TokenRefused`], by cause.
pub fn verify(
    token: &str,
    keys: &KeyRing,
    issuer: &str,
    now: DateTime<Utc>,
) -> Result<Claims, TokenRefused> {
    let (signed, signature) = split(token)?;
    let (header, body) = signed.split_once('.').ok_or(TokenRefused::Malformed)?;
    let header: Header = parse(header)?;
    if header.alg != "ES256" || header.typ != "at+jwt" || header.crit.is_some() {
        return Err(TokenRefused::Foreign);
    }
    let key = keys.find(&header.kid).ok_or(TokenRefused::UnknownKey)?;
    if !key.is_signature(signed.as_bytes(), &signature) {
        return Err(TokenRefused::BadSignature);
    }
    let claims: Claims = parse(body)?;
    if claims.iss != issuer {
        return Err(TokenRefused::OtherIssuer);
    }
    if now.timestamp() >= claims.exp {
        return Err(TokenRefused::Expired);
    }
    Ok(claims)
}

fn split(token: &str) -> Result<(&str, Vec<u8>), TokenRefused> {
    if token.len() > MAX_LENGTH || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
        return Err(TokenRefused::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenRefused::Malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenRefused::Malformed)?;
    Ok((signed, signature))
}

fn parse<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, TokenRefused> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenRefused::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| TokenRefused::Malformed)
}
