//! What did the caller send? Evidence of the right shape and size, believed in nothing yet.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::ProofError;
use super::google::CompactToken;
use crate::names::{AgentName, Provider};

/// The longest text of a PKCS#7 message. AWS's own have about 1,500 characters.
const MAX_PKCS7_TEXT: usize = 32 * 1024;
/// The longest text of a certificate. Azure's authorities have about 2,500 characters.
const MAX_CERTIFICATE_TEXT: usize = 8 * 1024;
/// The most certificates that may come along. A path from Azure's leaf to a root takes three, and
/// each one more multiplies the ways that a path builder may have to try.
const MAX_CERTIFICATES: usize = 6;
/// The longest document, in bytes. AWS's own have about 500.
const MAX_DOCUMENT: usize = 16 * 1024;
/// The longest text of a signature: an RSA key of 8192 bits signs with 1368 base64 characters.
const MAX_SIGNATURE_TEXT: usize = 2 * 1024;

/// How AWS signs an instance identity document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AwsKind {
    /// The metadata service's `rsa2048`: PKCS#7, with a key of the region's own.
    Rsa2048,
    /// The metadata service's `document` and `signature`, with a key that regions share.
    Rsa1024,
}

impl AwsKind {
    /// Every kind, in the order in which they are listed to people.
    pub const ALL: [AwsKind; 2] = [AwsKind::Rsa2048, AwsKind::Rsa1024];

    /// The word for this kind in configuration and trust files.
    pub const fn as_str(self) -> &'static str {
        match self {
            AwsKind::Rsa2048 => "rsa2048",
            AwsKind::Rsa1024 => "rsa1024",
        }
    }

    /// Finds the kind that is called by this word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How a machine proves its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProofKind {
    /// By an instance identity document of AWS.
    Aws(AwsKind),
    /// By an attested document of Azure.
    Azure,
    /// By an instance identity token of Google.
    Google,
}

impl ProofKind {
    /// Every kind.
    pub const ALL: [ProofKind; 4] = [
        ProofKind::Aws(AwsKind::Rsa2048),
        ProofKind::Aws(AwsKind::Rsa1024),
        ProofKind::Azure,
        ProofKind::Google,
    ];

    /// The word for this kind in tokens and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            ProofKind::Aws(AwsKind::Rsa2048) => "aws:rsa2048",
            ProofKind::Aws(AwsKind::Rsa1024) => "aws:rsa1024",
            ProofKind::Azure => "azure:attested-data",
            ProofKind::Google => "google:identity-token",
        }
    }

    /// Finds the kind that is called by this word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The cloud that gives proofs of this kind.
    pub const fn provider(self) -> Provider {
        match self {
            ProofKind::Aws(_) => Provider::Aws,
            ProofKind::Azure => Provider::Azure,
            ProofKind::Google => Provider::Google,
        }
    }
}

/// What a caller sent to prove its machine's identity: untrusted, readable only by the verifier.
#[derive(Clone)]
pub struct IdentityProof {
    evidence: Evidence,
    occasion: Occasion,
}

/// What the proof is shown for.
#[derive(Clone, Debug, Default)]
pub(super) struct Occasion {
    /// The agent that the caller wants to log in as. A name that no agent can have is none here.
    pub(super) agent_name: Option<AgentName>,
    /// Whether the caller knows no challenges, so that a nonce may be one of its own.
    pub(super) has_own_nonces: bool,
}

#[derive(Clone)]
pub(super) enum Evidence {
    Aws(AwsEvidence),
    Azure(AzureEvidence),
    Google(CompactToken),
}

#[derive(Clone)]
pub(super) enum AwsEvidence {
    Pkcs7(Vec<u8>),
    Document { document: Vec<u8>, signature: Vec<u8> },
}

#[derive(Clone)]
pub(super) struct AzureEvidence {
    pub(super) message: Vec<u8>,
    pub(super) certificates: Vec<Vec<u8>>,
}

impl IdentityProof {
    /// Takes AWS's PKCS#7 message as the metadata service's `rsa2048` gives it: base64, with or
    /// without line breaks or PEM armour.
    ///
    /// # Errors
    /// [`ProofError`] for a text that is empty, too long or not base64.
    pub fn aws_pkcs7(text: &str) -> Result<Self, ProofError> {
        let bytes = decode("pkcs7", MAX_PKCS7_TEXT, text)?;
        Ok(Self::of(Evidence::Aws(AwsEvidence::Pkcs7(bytes))))
    }

    /// Takes AWS's document, byte for byte, and its detached signature in base64, with or without
    /// line breaks, as the metadata service's `document` and `signature` give them.
    ///
    /// # Errors
    /// [`ProofError`] for one that is empty or too long, or a signature that is not base64.
    pub fn aws_document(document: &str, signature_base64: &str) -> Result<Self, ProofError> {
        let blame = |reason| Err(ProofError::new("document", reason));
        if document.is_empty() {
            return blame("it is empty: send what the metadata service gives as `document`");
        }
        if document.len() > MAX_DOCUMENT {
            return blame("it is longer than any identity document");
        }
        Ok(Self::of(Evidence::Aws(AwsEvidence::Document {
            document: document.as_bytes().to_vec(),
            signature: decode("signature", MAX_SIGNATURE_TEXT, signature_base64)?,
        })))
    }

    /// Takes Azure's attested document, as the metadata service's `signature` gives it: base64, with
    /// or without line breaks or PEM armour. `certificates`, each in base64 of DER, may complete
    /// the path from its signer to an authority; nothing about them is believed.
    ///
    /// # Errors
    /// [`ProofError`] for a text that is empty, too long or not base64, or for too many of them.
    pub fn azure_attested<S: AsRef<str>>(
        signature: &str,
        certificates: &[S],
    ) -> Result<Self, ProofError> {
        if certificates.len() > MAX_CERTIFICATES {
            let reason = "there are more than 6: send those between the document's and a root";
            return Err(ProofError::new("certificates", reason));
        }
        let certificate = |text: &S| decode("certificates", MAX_CERTIFICATE_TEXT, text.as_ref());
        Ok(Self::of(Evidence::Azure(AzureEvidence {
            message: decode("signature", MAX_PKCS7_TEXT, signature)?,
            certificates: certificates.iter().map(certificate).collect::<Result<_, _>>()?,
        })))
    }

    /// Takes Google's instance identity token, as the metadata service's `identity` gives it.
    ///
    /// # Errors
    /// [`ProofError`] for a text that is no signed JWT, or longer than any.
    pub fn google_token(text: &str) -> Result<Self, ProofError> {
        CompactToken::parse(text).map(|token| Self::of(Evidence::Google(token)))
    }

    fn of(evidence: Evidence) -> Self {
        Self { evidence, occasion: Occasion::default() }
    }

    /// The same proof, shown to log in as the agent of this name.
    pub fn for_agent(mut self, name: Option<&str>) -> Self {
        self.occasion.agent_name = name.and_then(|name| AgentName::parse(name).ok());
        self
    }

    /// The same proof, from a client that knows no challenges.
    pub fn of_existing_client(mut self) -> Self {
        self.occasion.has_own_nonces = true;
        self
    }

    /// The cloud that is said to vouch for the machine.
    pub fn provider(&self) -> Provider {
        self.kind().provider()
    }

    /// How the machine means to prove itself.
    pub fn kind(&self) -> ProofKind {
        match &self.evidence {
            Evidence::Aws(evidence) => ProofKind::Aws(evidence.kind()),
            Evidence::Azure(_) => ProofKind::Azure,
            Evidence::Google(_) => ProofKind::Google,
        }
    }

    pub(super) fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    pub(super) fn occasion(&self) -> &Occasion {
        &self.occasion
    }
}

impl AwsEvidence {
    pub(super) fn kind(&self) -> AwsKind {
        match self {
            AwsEvidence::Pkcs7(_) => AwsKind::Rsa2048,
            AwsEvidence::Document { .. } => AwsKind::Rsa1024,
        }
    }
}

impl fmt::Debug for IdentityProof {
    /// A proof is a bearer's secret: only its kind may reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityProof({})", self.kind().as_str())
    }
}

/// Decodes base64 (RFC 4648 section 4) after taking out white space and PEM's armour lines
/// (RFC 7468).
fn decode(field: &'static str, max: usize, text: &str) -> Result<Vec<u8>, ProofError> {
    if text.len() > max {
        return Err(ProofError::new(field, "it is longer than any proof"));
    }
    let packed = packed(text);
    if packed.is_empty() {
        return Err(ProofError::new(field, "it is empty"));
    }
    STANDARD.decode(packed).map_err(|_| ProofError::new(field, "it is not base64"))
}

fn packed(text: &str) -> Vec<u8> {
    const ARMOUR: &str = "-----";
    let mut packed = Vec::with_capacity(text.len());
    for line in text.lines().filter(|line| !line.trim_start().starts_with(ARMOUR)) {
        line.split_ascii_whitespace().for_each(|part| packed.extend_from_slice(part.as_bytes()));
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_comes_plain_wrapped_or_armoured() {
        let armoured = "-----BEGIN PKCS7-----\r\nAAEC\r\nAwQF\r\n-----END PKCS7-----\r\n";
        for text in ["AAECAwQF", "AAEC\nAwQF\n", "  AAEC AwQF\t", armoured] {
            assert_eq!(decode("pkcs7", 100, text), Ok(vec![0, 1, 2, 3, 4, 5]));
        }
    }

    #[test]
    fn what_can_be_no_proof_names_the_member_to_blame() {
        let long = |length| "A".repeat(length);
        let cases = [
            (IdentityProof::aws_pkcs7(""), "pkcs7", "it is empty"),
            (IdentityProof::aws_pkcs7(" \n"), "pkcs7", "it is empty"),
            (IdentityProof::aws_pkcs7("{}"), "pkcs7", "it is not base64"),
            (IdentityProof::aws_pkcs7("AAA"), "pkcs7", "it is not base64"),
            (
                IdentityProof::aws_pkcs7(&long(MAX_PKCS7_TEXT + 1)),
                "pkcs7",
                "it is longer than any proof",
            ),
            (
                IdentityProof::aws_document("", "AAAA"),
                "document",
                "it is empty: send what the metadata service gives as `document`",
            ),
            (
                IdentityProof::aws_document(&long(MAX_DOCUMENT + 1), "AAAA"),
                "document",
                "it is longer than any identity document",
            ),
            (IdentityProof::aws_document("{}", "?"), "signature", "it is not base64"),
            (
                IdentityProof::aws_document("{}", &long(MAX_SIGNATURE_TEXT + 1)),
                "signature",
                "it is longer than any proof",
            ),
        ];
        for (proof, field, reason) in cases {
            assert_eq!(proof.unwrap_err(), ProofError::new(field, reason));
        }
    }

    #[test]
    fn what_can_be_no_token_names_the_member_to_blame() {
        let long = "a".repeat(8 * 1024 + 1);
        for text in ["", " \n", "e30", "e30.e30", "e30.e30.e30.e30", "e30.e30.e30.e30.e30", &long] {
            assert_eq!(IdentityProof::google_token(text).unwrap_err().field(), "json_web_token");
        }
        // The alphabet of RFC 4648 section 5, without padding, and no bits to spare.
        for part in ["e30=", "e3 0", "e3+0", "e3/0", "e31", "e", "é"] {
            let error = IdentityProof::google_token(&format!("e30.{part}.e30")).unwrap_err();
            assert_eq!(error.reason(), "a part of it is not base64url", "{part}");
        }
        assert_eq!(IdentityProof::google_token("e30.e30.").unwrap().kind(), ProofKind::Google);
    }

    /// A kind that records write and nobody finds again would end every token of its cloud.
    #[test]
    fn every_cloud_has_a_kind_and_each_is_found_by_its_word() {
        for kind in ProofKind::ALL {
            assert_eq!(ProofKind::find(kind.as_str()), Some(kind));
        }
        for provider in Provider::ALL {
            assert!(ProofKind::ALL.into_iter().any(|kind| kind.provider() == provider));
        }
    }

    #[test]
    fn a_proof_keeps_its_content_out_of_logs() {
        let proof = IdentityProof::aws_document("secret", "AAAA").unwrap();
        assert_eq!(format!("{proof:?}"), "IdentityProof(aws:rsa1024)");
        assert_eq!(proof.provider(), Provider::Aws);
    }
}
