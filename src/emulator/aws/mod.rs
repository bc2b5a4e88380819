//! What would AWS's metadata service answer?

mod document;
mod envelope;
mod key;
mod signer;

pub use document::MachineFacts;
pub use key::{KeyFileError, SigningError, SigningKey};
pub use signer::AwsSigner;
