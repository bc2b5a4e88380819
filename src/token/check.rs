//! Is this one of our tokens, and what does it say? As any service would find out, but for the
//! audience: a token is for others, and ours all the same. Whether it still stands is for the record
//! to say.

use chrono::{DateTime, Utc};

use super::keys::{KeyRing, SigningKey};
use crate::verify::{Claims, Expected, Invalid, check};

/// Why a token is not accepted. The caller learns only that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// By what it says itself.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Not on record, or its agent or resource is retired.
    #[error("no longer stands: its agent or resource is retired, or it is not on record")]
    Ended,
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
    let published = |id: &str| keys.find(id).map(SigningKey::public);
    Ok(check(token, published, &Expected { issuer, audience: None }, now)?)
}
