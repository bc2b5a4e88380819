//! What would Azure's metadata service answer?

mod authority;
mod document;
mod envelope;
mod metadata;
mod signer;

pub use document::AzureMachine;
pub use metadata::{AzureMetadata, routes};
pub use signer::AzureSigner;
