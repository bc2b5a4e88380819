//! What did the signer of this token sign? JSON Web Signature in its compact form (RFC 7515).
//!
//! Taken apart by hand, since what is needed of a JWT library is little and what it offers is the
//! attack surface: algorithms named by the message, keys named by the message, claims read by one
//! parser and checked by another. Here the algorithm is a constant, the header is asked for its
//! `kid` alone, and the payload goes through the one reader that refuses duplicate members. Over
//! aws-lc-rs that is fewer lines than holding a library to the same.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::identity::error::{ProofError, Rejection};
use crate::identity::json::Object;

/// The longest token. Google's have 1,000 to 2,000 characters, by the number of licences.
const MAX_TOKEN_TEXT: usize = 8 * 1024;

/// The longest `kid`; Google's have 40 characters.
const MAX_KEY_ID: usize = 128;

/// A token in its parts, believed in nothing yet.
#[derive(Clone)]
pub(in crate::identity) struct CompactToken {
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    signed: String,
}

impl CompactToken {
    /// Takes a token apart: three parts, each base64url without padding (RFC 7515 section 2). The
    /// decoder is strict, so a token can be written in one way only.
    ///
    /// # Errors
    /// [`ProofError`] for a text that is empty, too long or of another form.
    pub(in crate::identity) fn parse(text: &str) -> Result<Self, ProofError> {
        let blame = |reason| ProofError::new("json_web_token", reason);
        let text = text.trim_ascii();
        if text.is_empty() {
            return Err(blame("it is empty"));
        }
        if text.len() > MAX_TOKEN_TEXT {
            return Err(blame("it is longer than any identity token"));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else {
            return Err(blame(
                "it is not a signed JWT of three parts; send what the metadata service's \
                 identity endpoint gives with format=full",
            ));
        };
        let decode = |part: &str| {
            URL_SAFE_NO_PAD.decode(part).map_err(|_| blame("a part of it is not base64url"))
        };
        Ok(Self {
            header: decode(header)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
            signed: format!("{header}.{payload}"),
        })
    }

    /// The id of the key that is said to have made the signature. It chooses among keys that are
    /// trusted already; whatever else the header says of keys (`jwk`, `jku`, `x5c`, `x5u`) is not
    /// even looked at.
    pub(super) fn key_id(&self) -> Result<String, Rejection> {
        let header = Object::parse(&self.header)?;
        // The signature is checked as RS256 whatever stands here; a header that disagrees comes
        // from somebody who hopes for another algorithm (RFC 8725 section 3.1).
        if header.text("alg") != Some("RS256") {
            return Err(Rejection::TokenHeader("alg"));
        }
        // An extension that must be understood is not (RFC 7515 section 4.1.11).
        if header.has("crit") {
            return Err(Rejection::TokenHeader("crit"));
        }
        // Tokens of other kinds say so (RFC 8725 section 3.11).
        if header.has("typ") && header.text("typ") != Some("JWT") {
            return Err(Rejection::TokenHeader("typ"));
        }
        let key_id = header.text("kid").filter(|id| (1..=MAX_KEY_ID).contains(&id.len()));
        key_id.map(str::to_owned).ok_or(Rejection::TokenHeader("kid"))
    }

    /// What the signature is over (RFC 7515 section 5.2).
    pub(super) fn signed(&self) -> &[u8] {
        self.signed.as_bytes()
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What the token says. To be asked once the signature holds.
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }
}
