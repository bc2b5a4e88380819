//! Writes a first corpus for every target: what the emulated clouds give, and what comes close.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use callsign::emulator::azure::AzureMachine;
use callsign::emulator::google::Detail;
use callsign::identity::IdentityProof;
use callsign_fuzz::{AUDIENCE, CLOUDS, azure_proof, certificate_in, content_of, now};
use chrono::{DateTime, TimeDelta, Utc};

fn main() {
    cms();
    certificates();
    google_token();
    aws_document();
    azure_document();
}

fn cms() {
    let document = CLOUDS.keys.aws.document(&CLOUDS.machine.aws, now());
    let aws = CLOUDS.keys.aws.rsa2048(&document, now()).unwrap();
    assert_believed(IdentityProof::aws_pkcs7(&aws).ok());
    let packed: String = aws.split_ascii_whitespace().collect();
    write("cms", "aws", &STANDARD.decode(packed).unwrap());
    let azure = attested(&CLOUDS.machine.azure, now());
    assert_believed(azure_proof(&azure, &[&CLOUDS.azure_issuing]));
    write("cms", "azure", &azure);
}

fn certificates() {
    let (leaf, issuing) = (&CLOUDS.azure_leaf, &CLOUDS.azure_issuing);
    write("certificates", "leaf", leaf);
    let path = [leaf.as_slice(), issuing].concat();
    let document = content_of(&attested(&CLOUDS.machine.azure, now()));
    let signature = CLOUDS.azure_signature(&document);
    let message = CLOUDS.azure_message(&document, &signature, &path);
    assert_believed(azure_proof(&message, &[]));
    write("certificates", "path", &path);
    write("certificates", "backwards", &[issuing.as_slice(), leaf].concat());
    let elsewhere =
        AzureMachine { domain: "metadata.azure.us".to_owned(), ..CLOUDS.machine.azure.clone() };
    let elsewhere = certificate_in(&attested(&elsewhere, now()));
    write("certificates", "elsewhere", &[&elsewhere, issuing.as_slice()].concat());
    let years_ago = now() - TimeDelta::days(700);
    let expired = certificate_in(&attested(&CLOUDS.machine.azure, years_ago));
    write("certificates", "expired", &[&expired, issuing.as_slice()].concat());
}

fn google_token() {
    let token = CLOUDS.keys.google.token(&CLOUDS.machine.google, AUDIENCE, Detail::Full, now());
    let token = token.unwrap();
    assert_believed(IdentityProof::google_token(&token).ok());
    write("google_token", "sent", token.as_bytes());
    let decode = |part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let parts: Vec<String> = token.split('.').take(2).map(decode).collect();
    write("google_token", "signed", parts.join("\n").as_bytes());
}

fn aws_document() {
    let document = CLOUDS.keys.aws.document(&CLOUDS.machine.aws, now());
    let signature = CLOUDS.keys.aws.signature(&document).unwrap();
    assert_believed(IdentityProof::aws_document(&document, &signature).ok());
    write("aws_document", "genuine", document.as_bytes());
    let twice = document.replacen('{', "{\"accountId\": \"000000000000\",", 1);
    write("aws_document", "twice", twice.as_bytes());
}

fn azure_document() {
    let document = content_of(&attested(&CLOUDS.machine.azure, now()));
    write("azure_document", "genuine", &document);
    let text = String::from_utf8(document).unwrap();
    let twice = text.replacen('{', "{\"vmId\": \"00000000-0000-0000-0000-000000000000\",", 1);
    write("azure_document", "twice", twice.as_bytes());
}

fn attested(machine: &AzureMachine, at: DateTime<Utc>) -> Vec<u8> {
    STANDARD.decode(CLOUDS.keys.azure.attested(machine, None, at).unwrap()).unwrap()
}

/// What is not believed would show a target nothing of what lies behind the signature.
fn assert_believed(proof: Option<IdentityProof>) {
    assert!(proof.is_some_and(|proof| CLOUDS.believed(&proof).is_some()));
}

fn write(target: &str, name: &str, seed: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), seed).unwrap();
}
