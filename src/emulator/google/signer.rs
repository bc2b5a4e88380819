//! What does the metadata service give of a machine's identity? A token, signed.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use der::asn1::UintRef;
use der::{Decode as _, Sequence};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use spki::SubjectPublicKeyInfoRef;

use super::token::{Detail, GoogleMachine};
use crate::emulator::aws::{KeyFileError, SigningError, SigningKey};

const KEY_FILE: &str = "google.pk8";

/// Signs identity tokens with a throw-away key.
#[derive(Clone, Debug)]
pub struct GoogleSigner {
    key: SigningKey,
    key_id: String,
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1).
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl GoogleSigner {
    /// A signer with a new key.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot make any.
    pub fn generate() -> Result<Self, SigningError> {
        Self::of(SigningKey::generate()?)
    }

    /// The signer whose key was saved in this directory.
    ///
    /// # Errors
    /// [`KeyFileError`] when the key is not there or cannot be read.
    pub fn load(directory: &Path) -> Result<Self, KeyFileError> {
        Ok(Self::of(SigningKey::load(&directory.join(KEY_FILE))?)?)
    }

    /// Saves the key in this directory, in a new file that only its owner can read.
    ///
    /// # Errors
    /// [`KeyFileError`] when the file is there already or cannot be written.
    pub fn save(&self, directory: &Path) -> Result<(), KeyFileError> {
        self.key.save(&directory.join(KEY_FILE))
    }

    /// What the metadata service gives as `identity`: a token for this audience, made now.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot sign.
    pub fn token(
        &self,
        machine: &GoogleMachine,
        audience: &str,
        detail: Detail,
        now: DateTime<Utc>,
    ) -> Result<String, SigningError> {
        let header = json!({ "alg": "RS256", "kid": self.key_id, "typ": "JWT" });
        let claims = machine.claims(audience, detail, now);
        self.sign(&header.to_string(), &claims.to_string())
    }

    /// Signs any header and payload, for tests that craft tokens of their own.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot sign.
    pub fn sign(&self, header: &str, payload: &str) -> Result<String, SigningError> {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", encode(header), encode(payload));
        let signature = self.key.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The id of the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The key set with which a broker believes this signer, as Google publishes its own.
    ///
    /// # Errors
    /// [`SigningError`] when the crypto library cannot encode the key.
    pub fn jwks(&self) -> Result<Value, SigningError> {
        let spki = self.key.spki()?;
        let spki = SubjectPublicKeyInfoRef::from_der(&spki).map_err(|_| SigningError)?;
        let key = RsaPublicKey::from_der(spki.subject_public_key.raw_bytes());
        let key = key.map_err(|_| SigningError)?;
        let number = |number: UintRef<'_>| URL_SAFE_NO_PAD.encode(number.as_bytes());
        Ok(json!({ "keys": [{
            "kid": self.key_id,
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "n": number(key.modulus),
            "e": number(key.public_exponent),
        }] }))
    }

    /// Google's key ids have 40 hexadecimal digits.
    fn of(key: SigningKey) -> Result<Self, SigningError> {
        let digest = Sha256::digest(key.spki()?);
        let key_id = digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { key, key_id })
    }
}
