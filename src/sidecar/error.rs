//! What can go wrong beside a program?

use super::token_file::FileError;
use crate::client::ClientError;
use crate::client::metadata::MetadataError;

/// Why there is no token, or no program that could use it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SidecarError {
    /// The machine cannot prove itself.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The broker gives no token.
    #[error(transparent)]
    Broker(#[from] ClientError),
    /// The token cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The program cannot be started.
    #[error("{0}")]
    Program(String),
}
