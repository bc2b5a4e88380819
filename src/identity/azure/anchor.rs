//! Which authority is this, and until when does it count?

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use der::asn1::ObjectIdentifier;
use der::{Decode as _, Tag, Tagged as _};
use rustls_pki_types::{CertificateDer, Der, TrustAnchor};
use spki::SubjectPublicKeyInfoRef;
use x509_cert::Certificate;
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::name::Name;

use crate::identity::trust_file::fingerprint;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// How long before its end an anchor is warned of.
const NOTICE: TimeDelta = TimeDelta::days(90);

/// An authority, root or issuing, that a path of certificates may end at.
#[derive(Clone)]
pub struct Anchor {
    name: String,
    not_after: DateTime<Utc>,
    spki_sha256: String,
    anchor: TrustAnchor<'static>,
}

/// How an anchor stands at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts, for long.
    Good,
    /// It counts, and ends within 90 days.
    Ending,
    /// It counts no more.
    Ended,
}

impl Standing {
    /// Every standing, in the order in which time brings them.
    pub const ALL: [Standing; 3] = [Standing::Good, Standing::Ending, Standing::Ended];

    /// The word for it in lists and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Good => "good",
            Standing::Ending => "ending",
            Standing::Ended => "ended",
        }
    }
}

/// Why something is no anchor; reads on from the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AnchorError {
    #[error("`subject` is not the DER of a Name")]
    Subject,
    #[error("`spki` is not the DER of a SubjectPublicKeyInfo that holds an RSA or EC key")]
    Key,
    #[error("`certificate` is not one X.509 certificate in PEM")]
    Certificate,
    #[error("`certificate` is not one of a certificate authority")]
    NoAuthority,
}

impl Anchor {
    /// An authority of this subject and key, both in DER.
    ///
    /// # Errors
    /// [`AnchorError`] for other structures or another kind of key.
    pub(super) fn new(
        name: String,
        subject: &[u8],
        spki: &[u8],
        not_after: DateTime<Utc>,
    ) -> Result<Self, AnchorError> {
        Name::from_der(subject).map_err(|_| AnchorError::Subject)?;
        check_key(spki).ok_or(AnchorError::Key)?;
        let anchor = TrustAnchor {
            subject: content(subject).ok_or(AnchorError::Subject)?,
            subject_public_key_info: content(spki).ok_or(AnchorError::Key)?,
            name_constraints: None,
        };
        Ok(Self { name, not_after, spki_sha256: fingerprint(spki), anchor })
    }

    /// The authority that a certificate is about; without a name it is called by its subject.
    ///
    /// # Errors
    /// [`AnchorError`] for a certificate that cannot be read or is no authority's.
    pub(super) fn from_certificate(
        name: Option<&str>,
        der: &CertificateDer<'_>,
    ) -> Result<Self, AnchorError> {
        use der::Encode as _;
        let certificate = Certificate::from_der(der).map_err(|_| AnchorError::Certificate)?;
        let certificate = certificate.tbs_certificate();
        let spki = certificate.subject_public_key_info().to_der();
        let spki = spki.map_err(|_| AnchorError::Certificate)?;
        check_key(&spki).ok_or(AnchorError::Key)?;
        let constraints = certificate.get_extension::<BasicConstraints>();
        if !constraints.is_ok_and(|found| found.is_some_and(|(_, constraints)| constraints.ca)) {
            return Err(AnchorError::NoAuthority);
        }
        let anchor = webpki::anchor_from_trusted_cert(der).map_err(|_| AnchorError::Certificate)?;
        Ok(Self {
            name: name.map_or_else(|| certificate.subject().to_string(), str::to_owned),
            not_after: certificate.validity().not_after.to_system_time().into(),
            spki_sha256: fingerprint(&spki),
            anchor: anchor.to_owned(),
        })
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Until when it counts.
    pub fn not_after(&self) -> DateTime<Utc> {
        self.not_after
    }

    /// How it stands at this time.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        match self.not_after.signed_duration_since(now) {
            left if left < TimeDelta::zero() => Standing::Ended,
            left if left <= NOTICE => Standing::Ending,
            _ => Standing::Good,
        }
    }

    /// SHA-256 of its SubjectPublicKeyInfo, in hexadecimal.
    pub fn spki_sha256(&self) -> &str {
        &self.spki_sha256
    }

    /// Whether it is the same authority with the same key.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.anchor == other.anchor
    }

    /// The anchor as the path builder takes it.
    pub(super) fn as_trust_anchor(&self) -> TrustAnchor<'_> {
        let TrustAnchor { subject, subject_public_key_info, name_constraints } = &self.anchor;
        TrustAnchor {
            subject: Der::from_slice(subject),
            subject_public_key_info: Der::from_slice(subject_public_key_info),
            name_constraints: name_constraints.as_ref().map(|der| Der::from_slice(der)),
        }
    }
}

impl fmt::Debug for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anchor({} until {})", self.name, self.not_after)
    }
}

fn check_key(spki: &[u8]) -> Option<()> {
    let spki = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    [RSA_ENCRYPTION, EC_PUBLIC_KEY].contains(&spki.algorithm.oid).then_some(())
}

/// What is inside a SEQUENCE.
fn content(der: &[u8]) -> Option<Der<'static>> {
    let any = der::asn1::AnyRef::from_der(der).ok()?;
    (any.tag() == Tag::Sequence).then(|| Der::from(any.value().to_vec()))
}
