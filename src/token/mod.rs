//! What do we hand out?
//!
//! [`mint`] turns an agent into a signed token, [`check`] turns a token back into what it says:
//! both pure. [`keys`] and [`seal`] hold the P-256 keys, `store.rs` keeps them and knows which
//! tokens still stand, the [`Minter`](actor::Minter) actor owns the keys while the broker runs. Of
//! agents, this room sees [`Agent`](crate::directory::Agent); of HTTP, nothing.

pub mod actor;
pub mod check;
pub mod delegate;
pub mod jwks;
pub mod keys;
pub mod messages;
pub mod mint;
pub mod seal;
pub mod sealing_file;
pub mod session;
mod store;

pub use check::TokenRefused;
pub use delegate::DelegatedToken;
pub use keys::{KeyRing, random_bytes};
pub use messages::{CheckSigning, CheckToken, DelegateToken, MintToken, TokenError};
pub use mint::{MintedToken, TokenSettings};
pub use seal::SealingKey;
pub use session::Session;
pub use store::{KeyStoreError, has_keys, open_key_ring};
