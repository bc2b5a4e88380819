//! Which keys does an issuer sign with now? A JSON Web Key Set (RFC 7517), and its keeping.
//!
//! [`KeySet`] is pure: bytes in, keys out. [`CurrentKeys`] is where the newest good one lies, for
//! the verifier to take without waiting. [`KeyKeeper`] is the part that does I/O, in the
//! background: it fetches by the set's own lifetime, or reads a file when that changes. When it
//! goes is for `fetching` to say.

mod current;
mod keeper;
mod key;
mod source;

pub use current::{CurrentKeys, KeySetHealth};
pub use keeper::KeyKeeper;
pub use key::{KeySet, KeySetError};
pub use source::{KeySource, SourceError};
