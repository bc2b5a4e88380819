//! Are signatures refused that are good, but by an algorithm or a key that is not? Made by
//! `weak/make.sh`, since no library of ours makes any.

use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::identity::verify;
use der::{Decode as _, Encode as _};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_cert::Certificate;

use super::forge::{DOCUMENT, message, proof, trusting};
use crate::identity::fixture::{now, policy, word};

const ROOT: &str = include_str!("weak/root.pem");
const SIGNED_BY_SHA_256: &str = include_str!("weak/leaf-sha256.signature");
const LEAF: &str = include_str!("weak/leaf-sha256.pem");

fn der(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

fn verdict(leaf: &str, signature: &str, sent: &[&[u8]]) -> &'static str {
    let mut message = message(DOCUMENT, &der(leaf));
    message.signature = Some(STANDARD.decode(signature).unwrap());
    word(verify(&proof(&message.encode(), sent), &trusting(ROOT), &policy(), now()))
}

#[test]
fn what_is_not_weak_is_believed() {
    assert_eq!(verdict(LEAF, SIGNED_BY_SHA_256, &[]), "verified");
}

#[test]
fn a_certificate_signed_by_md5_is_refused() {
    let leaf = include_str!("weak/leaf-md5.pem");
    assert_eq!(verdict(leaf, SIGNED_BY_SHA_256, &[]), "certificate-path");
}

#[test]
fn a_certificate_signed_by_sha_1_is_refused() {
    let leaf = include_str!("weak/leaf-sha1.pem");
    assert_eq!(verdict(leaf, SIGNED_BY_SHA_256, &[]), "certificate-path");
}

#[test]
fn a_document_signed_by_md5_or_sha_1_is_refused() {
    for signature in
        [include_str!("weak/leaf-md5.signature"), include_str!("weak/leaf-sha1.signature")]
    {
        assert_eq!(verdict(LEAF, signature, &[]), "signature-invalid");
    }
}

#[test]
fn a_document_signed_by_a_key_of_512_bits_is_refused() {
    let leaf = include_str!("weak/leaf-512.pem");
    let signature = include_str!("weak/leaf-512.signature");
    assert_eq!(verdict(leaf, signature, &[]), "signature-invalid");
}

#[test]
fn a_document_signed_by_a_key_of_1024_bits_is_refused_though_its_signature_is_good() {
    let leaf = include_str!("weak/leaf-1024.pem");
    let signature = include_str!("weak/leaf-1024.signature");
    let certificate = Certificate::from_der(&der(leaf)).unwrap();
    let spki = certificate.tbs_certificate().subject_public_key_info().to_der().unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, spki);
    let good = key.verify(DOCUMENT.as_bytes(), &STANDARD.decode(signature).unwrap());
    assert!(good.is_ok());
    assert_eq!(verdict(leaf, signature, &[]), "signature-invalid");
}

#[test]
fn an_authority_with_a_small_key_is_refused() {
    let small = [
        (include_str!("weak/leaf-of-authority-512.pem"), include_str!("weak/authority-512.pem")),
        (include_str!("weak/leaf-of-authority-1024.pem"), include_str!("weak/authority-1024.pem")),
    ];
    for (leaf, authority) in small {
        assert_eq!(verdict(leaf, SIGNED_BY_SHA_256, &[&der(authority)]), "certificate-path");
    }
}
