//! What makes a token good? Its form, its signature and its claims, as a pure function; whether it
//! still stands is for the broker's record to say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::claims::Claims;
use super::public_key::PublicKey;

/// The longest token that is looked at, in bytes; ours have about 900.
const MAX_LENGTH: usize = 8 * 1024;

/// Why a token is not accepted. The caller learns only that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
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
    /// For others.
    #[error("a token for another audience")]
    OtherAudience,
    /// Its time is over.
    #[error("expired")]
    Expired,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who made it.
    pub issuer: &'a str,
    /// Whom it is for; `None` for the broker alone, whose tokens are for others.
    pub audience: Option<&'a str>,
}

/// The header as the broker writes it. Nothing in it decides how the token is checked.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    /// RFC 7515 section 4.1.11: an extension that must be understood. We understand none.
    crit: Option<serde_json::Value>,
}

/// Checks a token against the published key of its `kid`, what it must say, and the time.
///
/// # Errors
/// [`Invalid`], by cause.
pub fn check<'k>(
    token: &str,
    find: impl FnOnce(&str) -> Option<&'k PublicKey>,
    expected: &Expected<'_>,
    now: DateTime<Utc>,
) -> Result<Claims, Invalid> {
    let (signed, signature) = split(token)?;
    let (header, body) = signed.split_once('.').ok_or(Invalid::Malformed)?;
    let header: Header = parse(header)?;
    if header.alg != "ES256" || header.typ != "at+jwt" || header.crit.is_some() {
        return Err(Invalid::Foreign);
    }
    let key = find(&header.kid).ok_or(Invalid::UnknownKey)?;
    if !key.is_signature(signed.as_bytes(), &signature) {
        return Err(Invalid::BadSignature);
    }
    let claims: Claims = parse(body)?;
    if claims.iss != expected.issuer {
        return Err(Invalid::OtherIssuer);
    }
    if expected.audience.is_some_and(|us| claims.aud.iter().all(|audience| audience != us)) {
        return Err(Invalid::OtherAudience);
    }
    if now.timestamp() >= claims.exp {
        return Err(Invalid::Expired);
    }
    Ok(claims)
}

fn split(token: &str) -> Result<(&str, Vec<u8>), Invalid> {
    if token.len() > MAX_LENGTH || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
        return Err(Invalid::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Invalid::Malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Invalid::Malformed)?;
    Ok((signed, signature))
}

fn parse<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Invalid> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Invalid::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Invalid::Malformed)
}
