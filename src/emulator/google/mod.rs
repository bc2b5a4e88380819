//! What would Google's metadata service answer?

mod metadata;
mod signer;
mod token;

pub use metadata::{GoogleMetadata, routes};
pub use signer::GoogleSigner;
pub use token::{Detail, GoogleMachine};
