//! An Azure of the tests' own: every certificate and every part of a message can be made otherwise.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::emulator::asn1::{definite, sequence, tag};
use callsign::emulator::aws::SigningKey;
use callsign::identity::{AzureTrust, IdentityProof, Trust, VerifiedInstance, VerifyError, verify};
use der::{Decode as _, Encode as _};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SerialNumber,
    date_time_ymd,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use x509_cert::Certificate;

use crate::identity::envelope::{Envelope, SHA_256_WITH_RSA, algorithm};
use crate::identity::fixture::{now, policy, word};

/// As Azure writes it, good for six hours from [`now`].
pub const DOCUMENT: &str = include_str!("weak/document.json");
pub const VM: &str = "02aab8a4-74ef-476e-8182-f6d2ba4166a6";
pub const NAME: &str = "eastus.metadata.azure.com";

pub static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());
pub static OTHER_KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());

/// The one that is trusted.
pub static ROOT: LazyLock<Authority> = LazyLock::new(|| Authority::root("Root"));
/// Between the root and the leaves; nobody knows it, so that it has to be sent.
pub static ISSUING: LazyLock<Authority> = LazyLock::new(|| ROOT.authority("Issuing", |_| {}));

pub static TRUST: LazyLock<Trust> = LazyLock::new(|| trusting(&ROOT.pem()));

/// Who issues certificates, and the certificate that says so.
pub struct Authority {
    pub params: CertificateParams,
    pub der: Vec<u8>,
    key: KeyPair,
}

impl Authority {
    pub fn root(name: &str) -> Self {
        let (params, key) = (authority_params(name), ec_key());
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { params, der, key }
    }

    /// An authority under this one.
    pub fn authority(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (mut params, key) = (authority_params(name), ec_key());
        change(&mut params);
        let der = params.signed_by(&key, &self.issuer()).unwrap().der().to_vec();
        Self { params, der, key }
    }

    /// A certificate of a metadata service's with this key.
    pub fn leaf(&self, key: &SigningKey, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = leaf_params();
        change(&mut params);
        params.signed_by(&rsa_key(key), &self.issuer()).unwrap().der().to_vec()
    }

    pub fn pem(&self) -> String {
        let body = STANDARD.encode(&self.der);
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }
}

/// Trusts this certificate alone.
pub fn trusting(pem: &str) -> Trust {
    let toml = format!("[[anchor]]\ncertificate = \"\"\"\n{pem}\"\"\"\n");
    Trust { azure: AzureTrust::parse(&toml).unwrap(), ..Trust::default() }
}

/// The genuine leaf, made by [`ISSUING`] for [`KEY`].
pub fn leaf(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    ISSUING.leaf(&KEY, change)
}

/// A genuine message over this document, with a signer's certificate.
pub fn message(document: &str, leaf: &[u8]) -> Envelope {
    Envelope {
        digest_algorithms: vec![algorithm(SHA_256_WITH_RSA)],
        certificates: bag(&[leaf]),
        signer: name_of(leaf),
        digest_algorithm: algorithm(SHA_256_WITH_RSA),
        attributes: Vec::new(),
        signed: Some(document.as_bytes().to_vec()),
        key: KEY.clone(),
        ..Envelope::over(document)
    }
}

/// Certificates, as a message brings them along.
pub fn bag(certificates: &[&[u8]]) -> Vec<u8> {
    definite(tag::CONTEXT_0, certificates)
}

/// The issuer and the serial number of a certificate.
pub fn name_of(certificate: &[u8]) -> Vec<u8> {
    let certificate = Certificate::from_der(certificate).unwrap();
    let certificate = certificate.tbs_certificate();
    let issuer = certificate.issuer().to_der().unwrap();
    sequence(&[&issuer, &certificate.serial_number().to_der().unwrap()])
}

pub fn proof(message: &[u8], sent: &[&[u8]]) -> IdentityProof {
    let sent: Vec<String> = sent.iter().map(|der| STANDARD.encode(der)).collect();
    IdentityProof::azure_attested(&STANDARD.encode(message), &sent).unwrap()
}

/// What comes of a message, with these certificates beside it.
pub fn verified(message: &Envelope, sent: &[&[u8]]) -> Result<VerifiedInstance, VerifyError> {
    verify(&proof(&message.encode(), sent), &TRUST, &policy(), now())
}

/// The verdict on a genuine message with one thing changed.
pub fn verdict(change: impl FnOnce(&mut Envelope)) -> &'static str {
    let mut message = message(DOCUMENT, &leaf(|_| {}));
    change(&mut message);
    word(verified(&message, &[&ISSUING.der]))
}

/// The verdict on a genuine message whose signer has another certificate.
pub fn verdict_on_leaf(change: impl FnOnce(&mut CertificateParams)) -> &'static str {
    word(verified(&message(DOCUMENT, &leaf(change)), &[&ISSUING.der]))
}

/// The verdict on a genuine message whose signer's certificate another authority made.
pub fn verdict_under(authority: &Authority, sent: &[&[u8]]) -> &'static str {
    word(verified(&message(DOCUMENT, &authority.leaf(&KEY, |_| {})), sent))
}

pub fn called(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = called(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn leaf_params() -> CertificateParams {
    let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
    params.distinguished_name = called("metadata.azure.com");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.serial_number = Some(SerialNumber::from(7_u64));
    params.not_before = date_time_ymd(2027, 1, 1);
    params.not_after = date_time_ymd(2027, 6, 1);
    params
}

fn ec_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn rsa_key(key: &SigningKey) -> KeyPair {
    let pkcs8 = PrivatePkcs8KeyDer::from(key.pkcs8().unwrap());
    KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8, &PKCS_RSA_SHA256).unwrap()
}
