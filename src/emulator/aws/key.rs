//! Where do throw-away keys come from, and where are they kept?

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};

/// The crypto library could not make, encode or use a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the crypto library could not make or use a throw-away key")]
pub struct SigningError;

/// Why a throw-away key could not be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds no RSA key in PKCS#8.
    #[error("{path}: no RSA key in PKCS#8; remove it and a new one will be made")]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// See [`SigningError`].
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// An RSA key of 2048 bits that signs with PKCS#1 v1.5 and SHA-256.
#[derive(Clone, Debug)]
pub struct SigningKey(KeyPair);

impl SigningKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot.
    pub fn generate() -> Result<Self, SigningError> {
        let pair = KeyPair::generate(KeySize::Rsa2048);
        pair.map(Self).map_err(|_| SigningError)
    }

    /// Reads a key from a file.
    ///
    /// # Errors
    /// [`KeyFileError`] when there is no such file, or no key in it.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let pkcs8 = fs::read(path).map_err(|source| io_error(path, source))?;
        KeyPair::from_pkcs8(&pkcs8)
            .map(Self)
            .map_err(|_| KeyFileError::NotAKey { path: path.to_owned() })
    }

    /// Writes the key to a new file that only its owner can read.
    ///
    /// # Errors
    /// [`KeyFileError`] when the file is there already or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyFileError> {
        let pkcs8 = self.pkcs8()?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        file.and_then(|mut file| file.write_all(&pkcs8)).map_err(|source| io_error(path, source))
    }

    /// The key in PKCS#8, to sign certificates with.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot encode it.
    pub fn pkcs8(&self) -> Result<Vec<u8>, SigningError> {
        let pkcs8: Pkcs8V1Der<'_> = self.0.as_der().map_err(|_| SigningError)?;
        Ok(pkcs8.as_ref().to_vec())
    }

    /// Signs a message.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SigningError)?;
        Ok(signature)
    }

    /// The public half, as the DER of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot.
    pub fn spki(&self) -> Result<Vec<u8>, SigningError> {
        let spki: PublicKeyX509Der<'_> = self.0.public_key().as_der().map_err(|_| SigningError)?;
        Ok(spki.as_ref().to_vec())
    }
}

fn io_error(path: &Path, source: std::io::Error) -> KeyFileError {
    KeyFileError::Io { path: path.to_owned(), source }
}
