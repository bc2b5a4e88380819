//! What does the metadata service give of a machine's identity? Each of its documents, signed.
//!
//! Real `signature`s are made by keys of 1024 bits. The crypto library makes none so small, for
//! good reasons, so both kinds are signed by throw-away keys of 2048 bits, each listed under its
//! kind in the trust file that goes with them.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::document::MachineFacts;
use super::envelope;
use super::key::{KeyFileError, SigningError, SigningKey};

const RSA2048_FILE: &str = "aws-rsa2048.pk8";
const RSA1024_FILE: &str = "aws-rsa1024.pk8";
/// The metadata service breaks base64 after as many characters as MIME does.
const LINE_LENGTH: usize = 76;

/// Signs instance identity documents with throw-away keys.
#[derive(Clone, Debug)]
pub struct AwsSigner {
    rsa2048: SigningKey,
    rsa1024: SigningKey,
}

impl AwsSigner {
    /// A signer with new keys.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot make any.
    pub fn generate() -> Result<Self, SigningError> {
        Ok(Self { rsa2048: SigningKey::generate()?, rsa1024: SigningKey::generate()? })
    }

    /// The signer whose keys were saved in this directory.
    ///
    /// # Errors
    /// [`KeyFileError`] when a key is not there or cannot be read.
    pub fn load(directory: &Path) -> Result<Self, KeyFileError> {
        Ok(Self {
            rsa2048: SigningKey::load(&directory.join(RSA2048_FILE))?,
            rsa1024: SigningKey::load(&directory.join(RSA1024_FILE))?,
        })
    }

    /// Saves the keys in this directory, each in a new file that only its owner can read.
    ///
    /// # Errors
    /// [`KeyFileError`] when a file is there already or cannot be written.
    pub fn save(&self, directory: &Path) -> Result<(), KeyFileError> {
        self.rsa2048.save(&directory.join(RSA2048_FILE))?;
        self.rsa1024.save(&directory.join(RSA1024_FILE))
    }

    /// The key that signs `rsa2048`, for tests that craft messages of their own.
    pub fn rsa2048_key(&self) -> &SigningKey {
        &self.rsa2048
    }

    /// What the metadata service gives as `document`, for a machine launched now.
    pub fn document(&self, facts: &MachineFacts, now: DateTime<Utc>) -> String {
        facts.document(now)
    }

    /// What the metadata service gives as `signature` of this document.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot sign.
    pub fn signature(&self, document: &str) -> Result<String, SigningError> {
        Ok(wrapped(&self.rsa1024.sign(document.as_bytes())?))
    }

    /// What the metadata service gives as `rsa2048`: this document in a PKCS#7 message.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot sign.
    pub fn rsa2048(&self, document: &str, now: DateTime<Utc>) -> Result<String, SigningError> {
        Ok(wrapped(&envelope::message(document, now, &self.rsa2048)?))
    }

    /// The trust file with which a broker believes this signer about one region.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot encode a key.
    pub fn trust_toml(&self, region: &str) -> Result<String, SigningError> {
        let mut text =
            String::from("# Throw-away keys of an emulator. Never trust them in earnest.\n");
        for (kind, key) in [("rsa2048", &self.rsa2048), ("rsa1024", &self.rsa1024)] {
            let region = toml::Value::from(region);
            let spki = STANDARD.encode(key.spki()?);
            text.push_str(&format!(
                "\n[[key]]\nregion = {region}\nkind = \"{kind}\"\nspki = \"{spki}\"\n"
            ));
        }
        Ok(text)
    }
}

/// Base64 in lines, without a line break at the end.
fn wrapped(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / LINE_LENGTH);
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index % LINE_LENGTH == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn saved_keys_are_found_again_and_private() {
        let directory = std::env::temp_dir()
            .join(format!("callsign-{}", crate::names::new_id(DateTime::UNIX_EPOCH)));
        std::fs::create_dir(&directory).unwrap();
        let signer = AwsSigner::generate().unwrap();
        signer.save(&directory).unwrap();
        let found = AwsSigner::load(&directory).unwrap();
        let (was, is) = (signer.trust_toml("r"), found.trust_toml("r"));
        assert_eq!(was.unwrap(), is.unwrap());
        let metadata = std::fs::metadata(directory.join(RSA2048_FILE)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(signer.save(&directory).is_err());
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn base64_is_broken_as_the_metadata_service_breaks_it() {
        let text = wrapped(&[0; 114]);
        let lengths: Vec<usize> = text.lines().map(str::len).collect();
        assert_eq!(lengths, [76, 76]);
        assert!(!text.ends_with('\n'));
    }
}
