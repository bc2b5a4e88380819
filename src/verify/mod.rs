//! Is this token one of the broker's, and for us? What a service asks that receives our tokens.
//!
//! [`check`] is pure, and what the broker itself reads tokens by: one algorithm, one type, a
//! published key, the issuer, the audience, the time. [`TokenVerifier`] adds the keys: it fetches
//! them from the broker and keeps them, so that a check costs no connection. What it cannot know is
//! whether a token was ended before its time: `GET /v1/agents/me` does.

mod check;
mod claims;
mod key_cache;
mod key_set;
mod public_key;
mod verifier;

pub use check::{Expected, Invalid, check};
pub use claims::{Actor, Claims, InstanceClaim, ResourceClaim};
pub use key_set::{KeySet, KeySetError};
pub use public_key::PublicKey;
pub use verifier::{TokenVerifier, VerifiedToken, VerifyError};
