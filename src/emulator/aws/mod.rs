//! What would AWS's metadata service answer?

mod document;
mod envelope;
mod key;
mod metadata;
mod signer;

pub use document::MachineFacts;
pub use key::{KeyFileError, SigningError, SigningKey};
pub use metadata::{AwsMetadata, routes};
pub use signer::AwsSigner;
