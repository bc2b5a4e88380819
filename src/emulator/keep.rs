//! Where do an emulator's keys live? In a folder, beside the trust files that a broker needs to
//! believe them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::aws::{AwsSigner, KeyFileError, SigningError};

/// The trust file for AWS, in an emulator's folder.
const AWS_TRUST: &str = "aws.toml";

/// The throw-away keys of an emulator.
#[derive(Clone, Debug)]
pub struct Keys {
    /// For AWS's documents.
    pub aws: AwsSigner,
}

impl Keys {
    /// New keys, kept nowhere.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot make any.
    pub fn generate() -> Result<Self, SigningError> {
        Ok(Self { aws: AwsSigner::generate()? })
    }

    /// The keys of this folder, made if there are none, and the trust files beside them, for a
    /// machine in `region`.
    ///
    /// # Errors
    /// [`KeepError`], with the path.
    pub fn keep(folder: &Path, region: &str) -> Result<Self, KeepError> {
        fs::create_dir_all(folder).map_err(|error| KeepError::folder(folder, error))?;
        let keys = match AwsSigner::load(folder) {
            Ok(aws) => Self { aws },
            Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let keys = Self::generate().map_err(KeyFileError::from)?;
                keys.aws.save(folder)?;
                keys
            }
            Err(error) => return Err(error.into()),
        };
        let trust = keys.aws.trust_toml(region).map_err(KeyFileError::from)?;
        let path = Self::aws_trust_file(folder);
        fs::write(&path, trust).map_err(|error| KeepError::folder(&path, error))?;
        Ok(keys)
    }

    /// Where a broker finds the trust file for AWS.
    pub fn aws_trust_file(folder: &Path) -> PathBuf {
        folder.join(AWS_TRUST)
    }
}

/// Why keys could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// A folder or trust file could not be written.
    #[error("{path}: {error}")]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A key could not be kept or found.
    #[error(transparent)]
    Key(#[from] KeyFileError),
}

impl KeepError {
    fn folder(path: &Path, error: io::Error) -> Self {
        Self::Folder { path: path.to_owned(), error }
    }
}
