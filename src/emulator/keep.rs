//! Where do an emulator's keys live? In a folder, beside the trust files that a broker needs to
//! believe them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::aws::{AwsSigner, KeyFileError, SigningError};
use super::azure::AzureSigner;
use super::google::GoogleSigner;

/// The trust file for AWS, in an emulator's folder.
const AWS_TRUST: &str = "aws.toml";

/// The trust file for Azure, in an emulator's folder.
const AZURE_TRUST: &str = "azure.toml";

/// The key set for Google, in an emulator's folder.
const GOOGLE_KEYS: &str = "google-jwks.json";

/// The throw-away keys of an emulator.
#[derive(Clone, Debug)]
pub struct Keys {
    /// For AWS's documents.
    pub aws: AwsSigner,
    /// For Azure's documents.
    pub azure: AzureSigner,
    /// For Google's tokens.
    pub google: GoogleSigner,
}

impl Keys {
    /// New keys, kept nowhere.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot make any.
    pub fn generate() -> Result<Self, SigningError> {
        Ok(Self {
            aws: AwsSigner::generate()?,
            azure: AzureSigner::generate()?,
            google: GoogleSigner::generate()?,
        })
    }

    /// The keys of this folder, made if there are none, and the trust files beside them, for a
    /// machine in `region`.
    ///
    /// # Errors
    /// [`KeepError`], with the path.
    pub fn keep(folder: &Path, region: &str) -> Result<Self, KeepError> {
        fs::create_dir_all(folder).map_err(|error| KeepError::folder(folder, error))?;
        let aws = match found(AwsSigner::load(folder))? {
            Some(signer) => signer,
            None => made(AwsSigner::generate, |signer| signer.save(folder))?,
        };
        let azure = match found(AzureSigner::load(folder))? {
            Some(signer) => signer,
            None => made(AzureSigner::generate, |signer| signer.save(folder))?,
        };
        let google = match found(GoogleSigner::load(folder))? {
            Some(signer) => signer,
            None => made(GoogleSigner::generate, |signer| signer.save(folder))?,
        };
        let trust = aws.trust_toml(region).map_err(KeyFileError::from)?;
        write(&Self::aws_trust_file(folder), &trust)?;
        let trust = azure.trust_toml().map_err(KeyFileError::from)?;
        write(&Self::azure_trust_file(folder), &trust)?;
        let key_set = google.jwks().map_err(KeyFileError::from)?;
        write(&Self::google_keys_file(folder), &format!("{key_set:#}\n"))?;
        Ok(Self { aws, azure, google })
    }

    /// Where a broker finds the trust file for AWS.
    pub fn aws_trust_file(folder: &Path) -> PathBuf {
        folder.join(AWS_TRUST)
    }

    /// Where a broker finds the trust file for Azure.
    pub fn azure_trust_file(folder: &Path) -> PathBuf {
        folder.join(AZURE_TRUST)
    }

    /// Where a broker finds the key set for Google.
    pub fn google_keys_file(folder: &Path) -> PathBuf {
        folder.join(GOOGLE_KEYS)
    }
}

/// What a folder has, if it has it.
fn found<S>(loaded: Result<S, KeyFileError>) -> Result<Option<S>, KeyFileError> {
    match loaded {
        Ok(signer) => Ok(Some(signer)),
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A new signer, saved.
fn made<S>(
    generate: impl FnOnce() -> Result<S, SigningError>,
    save: impl FnOnce(&S) -> Result<(), KeyFileError>,
) -> Result<S, KeyFileError> {
    let signer = generate()?;
    save(&signer)?;
    Ok(signer)
}

fn write(path: &Path, text: &str) -> Result<(), KeepError> {
    fs::write(path, text).map_err(|error| KeepError::folder(path, error))
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
