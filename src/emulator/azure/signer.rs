//! What does the metadata service give of a machine's identity? A document, signed by a
//! certificate that an authority of its own issued.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rcgen::Certificate;

use super::document::AzureMachine;
use super::{authority, envelope};
use crate::emulator::aws::{KeyFileError, SigningError, SigningKey};

const ROOT_FILE: &str = "azure-root.pk8";
const ISSUING_FILE: &str = "azure-issuing.pk8";
const LEAF_FILE: &str = "azure-leaf.pk8";

/// Signs attested documents with throw-away keys.
#[derive(Clone, Debug)]
pub struct AzureSigner {
    root: SigningKey,
    issuing: SigningKey,
    leaf: SigningKey,
}

impl AzureSigner {
    /// A signer with new keys.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot make any.
    pub fn generate() -> Result<Self, SigningError> {
        Ok(Self {
            root: SigningKey::generate()?,
            issuing: SigningKey::generate()?,
            leaf: SigningKey::generate()?,
        })
    }

    /// The signer whose keys were saved in this directory.
    ///
    /// # Errors
    /// [`KeyFileError`] when a key is not there or cannot be read.
    pub fn load(directory: &Path) -> Result<Self, KeyFileError> {
        Ok(Self {
            root: SigningKey::load(&directory.join(ROOT_FILE))?,
            issuing: SigningKey::load(&directory.join(ISSUING_FILE))?,
            leaf: SigningKey::load(&directory.join(LEAF_FILE))?,
        })
    }

    /// Saves the keys in this directory, each in a new file that only its owner can read.
    ///
    /// # Errors
    /// [`KeyFileError`] when a file is there already or cannot be written.
    pub fn save(&self, directory: &Path) -> Result<(), KeyFileError> {
        self.root.save(&directory.join(ROOT_FILE))?;
        self.issuing.save(&directory.join(ISSUING_FILE))?;
        self.leaf.save(&directory.join(LEAF_FILE))
    }

    /// What the metadata service gives as `signature`: the document of this machine, made now.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot sign.
    pub fn attested(
        &self,
        machine: &AzureMachine,
        nonce: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<String, SigningError> {
        let leaf = authority::leaf(&self.leaf, &self.issuing, machine, now)?;
        let message = envelope::message(&machine.document(nonce, now), leaf.der(), &self.leaf)?;
        Ok(STANDARD.encode(message))
    }

    /// The certificate between the document's signer and the root, DER: what a caller sends along to
    /// a broker that knows the root alone.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot sign.
    pub fn intermediate(&self) -> Result<Vec<u8>, SigningError> {
        Ok(authority::issuing(&self.issuing, &self.root)?.der().to_vec())
    }

    /// The trust file with which a broker believes this signer: like the one that comes with the
    /// broker, it has the root and the issuing authority.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot sign.
    pub fn trust_toml(&self) -> Result<String, SigningError> {
        let mut text = self.root_trust_toml()?;
        let issuing = authority::issuing(&self.issuing, &self.root)?;
        text.push_str(&anchor(authority::ISSUING, &issuing));
        Ok(text)
    }

    /// A trust file that has the root alone, for tests of the whole path.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot sign.
    pub fn root_trust_toml(&self) -> Result<String, SigningError> {
        let root = authority::root(&self.root)?;
        let head = "# Throw-away keys of an emulator. Never trust them in earnest.\n";
        Ok(format!("{head}{}", anchor(authority::ROOT, &root)))
    }
}

fn anchor(name: &str, certificate: &Certificate) -> String {
    format!(
        "\n[[anchor]]\nname = \"{name}\"\ncertificate = \"\"\"\n-----BEGIN CERTIFICATE-----\n{}\n\
         -----END CERTIFICATE-----\n\"\"\"\n",
        STANDARD.encode(certificate.der())
    )
}
