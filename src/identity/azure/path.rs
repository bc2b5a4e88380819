//! Does a path of certificates lead from a signer to an authority that counts? (RFC 5280 section 6)
//!
//! webpki builds the path and checks signatures, validity, basic constraints, path lengths, name
//! constraints and purposes. Key usage, which it leaves out, is checked here, and the work that a
//! caller can cause is bounded. What lies between signer and authority is untrusted, wherever it
//! comes from.

use std::time::Duration;

use chrono::{DateTime, Utc};
use der::Decode as _;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use webpki::aws_lc_rs::{
    ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
};
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::Certificate;
use x509_cert::ext::pkix;

use super::trust::AzureTrust;

/// The most certificates that a caller can bring in, inside of a message and beside it.
pub(super) const MOST_SENT: usize = 8;

/// The most certificates of one name that are tried. An authority has two or three around one key;
/// each more multiplies the paths to try, level by level.
const MOST_OF_ONE_NAME: usize = 3;

/// What certificates may be signed with: no MD5, no SHA-1, no RSA key below 2048 bits.
const ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 7] = [
    RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
    ECDSA_P256_SHA256,
    ECDSA_P256_SHA384,
    ECDSA_P384_SHA256,
    ECDSA_P384_SHA384,
];

/// Why a signer's certificate does not count; reads on from "the signer's certificate".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// None in the message has the name that the message says.
    #[error("it is not in the message")]
    Missing,
    /// Several in the message have the name that the message says.
    #[error("several in the message have its name")]
    Ambiguous,
    /// It cannot be read.
    #[error("it is no certificate of X.509 version 3")]
    Malformed,
    /// It is for another server.
    #[error("it is for no name in the domains of `[identity.azure] clouds`")]
    Name,
    /// Its key is not for signatures.
    #[error("its key usage is not for signatures")]
    KeyUsage,
    /// It is not for servers.
    #[error("its extended key usage is not for servers")]
    Purpose,
    /// More certificates than any real path has came along.
    #[error("too many certificates came along with it")]
    TooMany,
    /// It is not valid now, or one on its path is not.
    #[error("it, or one on its path, is not valid at this time")]
    Validity,
    /// Nobody who counts vouches for it.
    #[error(
        "no path leads from it to an anchor that is valid at this time; the anchor may be missing \
         in `trust`, or an intermediate certificate in the request's `certificates`"
    )]
    UnknownIssuer,
    /// A path was found that breaks a rule.
    #[error("its path breaks a rule: {0}")]
    Path(webpki::Error),
}

impl CertificateError {
    pub(in crate::identity) fn code(&self) -> &'static str {
        match self {
            Self::Missing => "certificate-missing",
            Self::Ambiguous => "certificate-ambiguous",
            Self::Malformed => "certificate-malformed",
            Self::Name => "certificate-name",
            Self::KeyUsage => "certificate-key-usage",
            Self::Purpose => "certificate-purpose",
            Self::TooMany => "certificate-too-many",
            Self::Validity => "certificate-validity",
            Self::UnknownIssuer => "certificate-unknown-issuer",
            Self::Path(_) => "certificate-path",
        }
    }
}

impl From<webpki::Error> for CertificateError {
    fn from(error: webpki::Error) -> Self {
        match error {
            webpki::Error::UnknownIssuer => Self::UnknownIssuer,
            webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => {
                Self::Validity
            }
            webpki::Error::EmptyEkuExtension | webpki::Error::RequiredEkuNotFoundContext(_) => {
                Self::Purpose
            }
            other => Self::Path(other),
        }
    }
}

/// The certificates that may lie between a signer and an authority: those that were sent, bounded
/// in number, and those of the trust files. What is no authority's is left out.
///
/// # Errors
/// [`CertificateError::TooMany`].
pub(super) fn candidates<'a>(
    sent: impl Iterator<Item = CertificateDer<'a>>,
    trust: &'a AzureTrust,
) -> Result<Vec<CertificateDer<'a>>, CertificateError> {
    let mut chosen: Vec<(Vec<u8>, CertificateDer<'a>)> = Vec::new();
    let sent: Vec<_> = sent.take(MOST_SENT + 1).collect();
    if sent.len() > MOST_SENT {
        return Err(CertificateError::TooMany);
    }
    for der in sent.into_iter().chain(trust.intermediates()) {
        let Some(subject) = subject_of_authority(&der) else { continue };
        let is_new = chosen.iter().all(|(_, other)| *other != der);
        let of_name = chosen.iter().filter(|(other, _)| *other == subject).count();
        if is_new && of_name < MOST_OF_ONE_NAME {
            chosen.push((subject, der));
        }
    }
    Ok(chosen.into_iter().map(|(_, der)| der).collect())
}

fn subject_of_authority(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let subject = EndEntityCert::try_from(der).ok()?.subject().to_vec();
    Usage::of(der)?.certifies.then_some(subject)
}

/// Builds a path and checks it.
///
/// # Errors
/// [`CertificateError`] for the rule that the best path breaks.
pub(super) fn check_path(
    signer: &EndEntityCert<'_>,
    between: &[CertificateDer<'_>],
    trust: &AzureTrust,
    now: DateTime<Utc>,
) -> Result<(), CertificateError> {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let (anchors, purpose) = (trust.anchors_at(now), KeyUsage::server_auth());
    signer.verify_for_usage(&ALGORITHMS, &anchors, between, time, purpose, None, None)?;
    Ok(())
}

/// What a certificate's key may be used for (RFC 5280 sections 4.2.1.3 and 4.2.1.12). Where a
/// certificate does not say, the RFC lets it be used for everything; here, for nothing.
pub(super) struct Usage {
    /// It may sign certificates.
    pub(super) certifies: bool,
    /// It may sign other things.
    pub(super) signs: bool,
    /// It lists purposes; which, is checked with the path.
    pub(super) has_purposes: bool,
}

impl Usage {
    pub(super) fn of(der: &CertificateDer<'_>) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let certificate = certificate.tbs_certificate();
        let usage = certificate.get_extension::<pkix::KeyUsage>().ok()?.map(|(_, usage)| usage);
        let purposes = certificate.get_extension::<pkix::ExtendedKeyUsage>().ok()?;
        Some(Self {
            certifies: usage.is_some_and(|usage| usage.key_cert_sign()),
            signs: usage.is_some_and(|usage| usage.digital_signature()),
            has_purposes: purposes.is_some(),
        })
    }
}
