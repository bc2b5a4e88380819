//! Who vouches for the metadata service's certificate? A root and an issuing authority, both made
//! up, with the shapes of Azure's.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA384, SerialNumber,
    date_time_ymd,
};
use rustls_pki_types::PrivatePkcs8KeyDer;

use super::document::AzureMachine;
use crate::emulator::aws::{SigningError, SigningKey};

/// What people call the root.
pub(super) const ROOT: &str = "Emulated RSA Root G2";
/// What people call the authority that issues the leaf.
pub(super) const ISSUING: &str = "Emulated G2 RSA CA OCSP 02";

/// How long a leaf is good for; Azure's are replaced well before.
const LEAF_LIFETIME: TimeDelta = TimeDelta::days(180);

/// The root's certificate.
pub(super) fn root(key: &SigningKey) -> Result<Certificate, SigningError> {
    authority(ROOT, BasicConstraints::Unconstrained)?
        .self_signed(&pair(key)?)
        .map_err(|_| SigningError)
}

/// The issuing authority's certificate.
pub(super) fn issuing(key: &SigningKey, root: &SigningKey) -> Result<Certificate, SigningError> {
    let issuer = Issuer::new(authority(ROOT, BasicConstraints::Unconstrained)?, pair(root)?);
    let params = authority(ISSUING, BasicConstraints::Constrained(0))?;
    params.signed_by(&pair(key)?, &issuer).map_err(|_| SigningError)
}

/// The metadata service's certificate in the machine's region, new at this time.
pub(super) fn leaf(
    key: &SigningKey,
    issuing: &SigningKey,
    machine: &AzureMachine,
    now: DateTime<Utc>,
) -> Result<Certificate, SigningError> {
    let names = [format!("{}.{}", machine.region, machine.domain), machine.domain.clone()];
    let mut params = CertificateParams::new(names).map_err(|_| SigningError)?;
    params.distinguished_name = called(&machine.domain);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.serial_number = Some(SerialNumber::from_slice(&now.timestamp_micros().to_be_bytes()));
    // Months and days are small enough for any integer.
    let day =
        |time: DateTime<Utc>| date_time_ymd(time.year(), time.month() as u8, time.day() as u8);
    params.not_before = day(now - TimeDelta::days(1));
    params.not_after = day(now + LEAF_LIFETIME);
    let issuer = Issuer::new(authority(ISSUING, BasicConstraints::Constrained(0))?, pair(issuing)?);
    params.signed_by(&pair(key)?, &issuer).map_err(|_| SigningError)
}

/// An authority for as long as anybody emulates, so that it is the same at every start.
fn authority(name: &str, path: BasicConstraints) -> Result<CertificateParams, SigningError> {
    let mut params = CertificateParams::new(Vec::new()).map_err(|_| SigningError)?;
    params.distinguished_name = called(name);
    params.is_ca = IsCa::Ca(path);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 12, 31);
    Ok(params)
}

fn called(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::OrganizationName, "callsign emulator");
    names.push(DnType::CommonName, name);
    names
}

/// Azure's authorities sign with SHA-384.
fn pair(key: &SigningKey) -> Result<KeyPair, SigningError> {
    let pkcs8 = PrivatePkcs8KeyDer::from(key.pkcs8()?);
    KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8, &PKCS_RSA_SHA384).map_err(|_| SigningError)
}
