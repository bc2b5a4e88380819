//! How do private keys lie in the database? Sealed with AES-256-GCM (NIST SP 800-38D), under a key
//! that the database never sees.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize as _, Zeroizing};

/// The key that seals others: 32 bytes, wiped when dropped.
pub struct SealingKey {
    bytes: Zeroizing<[u8; 32]>,
}

impl SealingKey {
    /// A key of these bytes.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self { bytes }
    }

    /// Reads the text form: 32 bytes in base64, white space around it ignored.
    ///
    /// # Errors
    /// [`NotASealingKey`], which says what one looks like and nothing of what was found.
    pub fn parse(text: &str) -> Result<Self, NotASealingKey> {
        let mut decoded = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| NotASealingKey)?);
        let bytes: [u8; 32] = decoded.as_slice().try_into().map_err(|_| NotASealingKey)?;
        decoded.zeroize();
        Ok(Self { bytes: Zeroizing::new(bytes) })
    }

    /// The text form that [`parse`](Self::parse) reads.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.bytes.as_slice()))
    }

    /// Seals a secret for the row of this id: nonce, ciphertext and tag. Bound to the id, so that
    /// two sealed keys cannot change places in the database.
    ///
    /// # Errors
    /// [`DoesNotOpen`] when the system gives no randomness.
    pub fn seal(&self, id: &str, secret: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let mut sealed = secret.to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::from(id.as_bytes()), &mut sealed)
            .map_err(|_| DoesNotOpen)?;
        let mut blob = nonce.as_ref().to_vec();
        blob.append(&mut sealed);
        Ok(blob)
    }

    /// Opens what [`seal`](Self::seal) made for this id.
    ///
    /// # Errors
    /// [`DoesNotOpen`] under another key, for another id, or when a bit differs.
    pub fn open(&self, id: &str, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (nonce, sealed) = blob.split_at_checked(NONCE_LEN).ok_or(DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DoesNotOpen)?;
        let mut secret = Zeroizing::new(sealed.to_vec());
        let length = self
            .cipher()?
            .open_in_place(nonce, Aad::from(id.as_bytes()), &mut secret)
            .map_err(|_| DoesNotOpen)?
            .len();
        secret.truncate(length);
        Ok(secret)
    }

    /// A key for a purpose of its own (HKDF-SHA256, RFC 5869): who learns it learns nothing of this
    /// one, nor of what is derived by other labels.
    ///
    /// # Errors
    /// [`NotDerived`], which a length of 32 bytes never leads to.
    pub fn derive(&self, label: &str) -> Result<Zeroizing<[u8; 32]>, NotDerived> {
        let mut derived = Zeroizing::new([0; 32]);
        let extracted = Salt::new(HKDF_SHA256, &[]).extract(self.bytes.as_slice());
        let info = [label.as_bytes()];
        let expanded = extracted.expand(&info, HKDF_SHA256).map_err(|_| NotDerived)?;
        expanded.fill(derived.as_mut_slice()).map_err(|_| NotDerived)?;
        Ok(derived)
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, DoesNotOpen> {
        RandomizedNonceKey::new(&AES_256_GCM, self.bytes.as_slice()).map_err(|_| DoesNotOpen)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// This text is no sealing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealing key is 32 random bytes in base64, as `openssl rand -base64 32` prints them")]
pub struct NotASealingKey;

/// The seal does not open: another key made it, or it was altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealing key does not open it")]
pub struct DoesNotOpen;

/// The library gave no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key could be derived")]
pub struct NotDerived;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SealingKey {
        SealingKey::new(Zeroizing::new([seed; 32]))
    }

    #[test]
    fn what_is_sealed_opens_and_shows_nothing() {
        let blob = key(1).seal("kid", b"secret").unwrap();
        assert_eq!(key(1).open("kid", &blob).unwrap().as_slice(), b"secret");
        assert!(!blob.windows(6).any(|window| window == b"secret"));
        assert_ne!(blob, key(1).seal("kid", b"secret").unwrap());
    }

    #[test]
    fn another_key_another_row_or_a_changed_bit_does_not_open() {
        let blob = key(1).seal("kid", b"secret").unwrap();
        assert_eq!(key(2).open("kid", &blob), Err(DoesNotOpen));
        assert_eq!(key(1).open("other", &blob), Err(DoesNotOpen));
        for bit in 0..blob.len() * 8 {
            let mut altered = blob.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key(1).open("kid", &altered), Err(DoesNotOpen), "bit {bit}");
        }
        for length in 0..blob.len() {
            assert_eq!(key(1).open("kid", &blob[..length]), Err(DoesNotOpen), "length {length}");
        }
    }

    #[test]
    fn a_derived_key_is_of_its_key_and_its_label() {
        let derived = |seed, label| *key(seed).derive(label).unwrap();
        // Another implementation of RFC 5869 gives the same: no broker may derive another one.
        assert_eq!(&derived(1, "a label")[..4], [0x08, 0x06, 0xf1, 0x50]);
        assert_eq!(derived(1, "a label"), derived(1, "a label"));
        assert_ne!(derived(1, "a label"), derived(1, "another label"));
        assert_ne!(derived(1, "a label"), derived(2, "a label"));
        assert_ne!(derived(1, "a label"), [1; 32]);
    }

    #[test]
    fn the_text_form_comes_back() {
        let text = key(3).to_text();
        let again = SealingKey::parse(&format!("  {}\n", text.as_str())).unwrap();
        assert_eq!(again.to_text(), text);
        for bad in ["", "AAAA", "not base64!", &"A".repeat(64)] {
            assert_eq!(SealingKey::parse(bad).unwrap_err(), NotASealingKey);
        }
    }
}
