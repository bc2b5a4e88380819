//! Are trust files read as written, and is everything wrong with one told at once?

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::emulator::asn1::{definite, null, object_identifier, sequence, small_integer, tag};
use callsign::identity::{AwsKind, AwsTrust, Trust, verify};
use chrono::DateTime;
use der::asn1::ObjectIdentifier as Oid;

use super::envelope::{SHA_256_WITH_RSA, algorithm};
use super::fixture::*;

#[test]
fn the_builtin_file_holds_both_kinds_for_39_regions() {
    for kind in AwsKind::ALL {
        let keys = || BUILTIN.aws.keys().filter(|key| key.kind() == kind);
        assert_eq!(keys().count(), 39);
        let bits = if kind == AwsKind::Rsa2048 { 2048 } else { 1024 };
        assert!(keys().all(|key| key.bits() == bits));
    }
    let mut strong: Vec<_> = BUILTIN
        .aws
        .keys()
        .filter(|key| key.kind() == AwsKind::Rsa2048)
        .map(|key| key.spki_sha256())
        .collect();
    strong.sort_unstable();
    strong.dedup();
    assert_eq!(strong.len(), 39, "one rsa2048 key per region");
    assert!(BUILTIN.aws.warnings(now()).is_empty());
}

#[test]
fn a_key_is_listed_with_its_digest() {
    let first = BUILTIN.aws.keys().next().unwrap();
    assert_eq!(first.region(), "af-south-1");
    assert_eq!(first.kind().as_str(), "rsa2048");
    assert_eq!(
        first.spki_sha256(),
        "86accf61afbe631a6e091323fd35112cf7fc56e9f432ed872b5be5eea82862f6"
    );
    assert_eq!(first.certificate_not_after(), None);
}

#[test]
fn everything_wrong_is_told_at_once_with_its_line() {
    let good = SIGNER.trust_toml(REGION).unwrap();
    let small = BUILTIN_RSA1024;
    let toml = format!(
        "{good}
[[key]]
kind = \"rsa4096\"
spki = \"?\"
colour = 1

[[key]]
region = \"US East\"
kind = 7

[[key]]
region = \"us-east-1\"
kind = \"rsa2048\"
spki = \"{small}\"

[[key]]
region = \"us-east-1\"
kind = \"rsa1024\"
spki = \"AAAA\"

[[key]]
region = \"us-east-1\"
kind = \"rsa1024\"
spki = \"AAAA\"
certificate = \"x\"

[[key]]
region = \"us-east-1\"
kind = \"rsa1024\"
certificate = \"x\"
"
    );
    let first = good.lines().count() + 2;
    let expected = [
        (0, "[[key]] number 3: `colour` is not known; allowed are region, kind, spki, certificate"),
        (0, "[[key]] number 3: `region` is missing"),
        (0, "[[key]] number 3: `kind` is \"rsa4096\"; allowed are rsa2048, rsa1024"),
        (0, "[[key]] number 3: `spki` is not base64"),
        (5, "[[key]] number 4: `region` is \"US East\"; write it as AWS does, like \"us-east-1\""),
        (5, "[[key]] number 4: `kind` must be a string"),
        (5, "[[key]] number 4: exactly one of `spki` and `certificate` must be there"),
        (9, "[[key]] number 5: the key has 1024 bits; the kind takes 2048 to 8192"),
        (
            14,
            "[[key]] number 6: the key is not the DER of a SubjectPublicKeyInfo that holds an RSA key",
        ),
        (19, "[[key]] number 7: exactly one of `spki` and `certificate` must be there"),
        (25, "[[key]] number 8: `certificate` is not one X.509 certificate in PEM"),
    ];
    let error = AwsTrust::parse(&toml).unwrap_err();
    let told: Vec<_> =
        error.flaws.iter().map(|flaw| (flaw.line - first, flaw.problem.as_str())).collect();
    assert_eq!(told, expected);
    assert_eq!(error.to_string().lines().count(), expected.len());
}

#[test]
fn a_file_that_is_no_trust_file_is_told_with_its_line() {
    let line = |toml: &str| AwsTrust::parse(toml).unwrap_err().flaws[0].line;
    assert_eq!(line(""), 1);
    assert_eq!(line("\n\n[[key]\n"), 3);
    assert_eq!(line("\n[[anchor]]\nname = \"x\"\n"), 2);
    assert_eq!(line("\nkey = 7\n"), 2);
}

#[test]
fn several_files_add_up_and_the_same_key_counts_once() {
    let mut trust = BUILTIN.aws.clone();
    trust.merge(AwsTrust::builtin().unwrap());
    assert_eq!(trust.keys().count(), 78);
    trust.merge(TRUST.aws.clone());
    assert_eq!(trust.keys().count(), 82);
}

#[test]
fn either_of_two_keys_of_a_region_counts() {
    let mut aws = AwsTrust::parse(&STRANGER.trust_toml(REGION).unwrap()).unwrap();
    aws.merge(AwsTrust::parse(&SIGNER.trust_toml(REGION).unwrap()).unwrap());
    let trust = Trust { aws, ..Trust::default() };
    for signer in [&*SIGNER, &*STRANGER] {
        let proof = pkcs7(signer, &document());
        let verdict = verify(&proof, &trust, &policy(), now());
        assert_eq!(word(verdict), "verified");
    }
}

#[test]
fn an_expired_certificate_of_version_1_on_one_long_line_only_warns() {
    let pem = certificate(&SIGNER.rsa2048_key().spki().unwrap());
    let toml = format!(
        "[[key]]\nregion = \"{REGION}\"\nkind = \"rsa2048\"\ncertificate = \"\"\"\n{pem}\"\"\"\n"
    );
    let aws = AwsTrust::parse(&toml).unwrap();
    let expiry = DateTime::from_timestamp(1_577_836_800, 0).unwrap();
    let key = aws.keys().next().unwrap();
    assert_eq!(key.certificate_not_after(), Some(expiry));
    assert!(aws.warnings(expiry).is_empty());
    let warnings = aws.warnings(now());
    assert!(warnings[0].contains("rsa2048 key of eu-test-1 expired at 2020-01-01T00:00:00Z"));

    let trust = Trust { aws, ..Trust::default() };
    let proof = pkcs7(&SIGNER, &document());
    assert_eq!(word(verify(&proof, &trust, &policy(), now())), "verified");
}

/// A certificate around a key as AWS makes them: X.509 v1. Its signature is never looked at.
fn certificate(spki: &[u8]) -> String {
    let time = |text: &str| definite(tag::UTC_TIME, &[text.as_bytes()]);
    let country = definite(tag::PRINTABLE_STRING, &[b"US"]);
    let country = [object_identifier(Oid::new_unwrap("2.5.4.6")), country].concat();
    let name = sequence(&[&definite(tag::SET, &[&sequence(&[&country])])]);
    let to_be_signed = sequence(&[
        &small_integer(1),
        &algorithm(SHA_256_WITH_RSA),
        &name,
        &sequence(&[&time("150101000000Z"), &time("200101000000Z")]),
        &name,
        spki,
    ]);
    let signature = definite(tag::BIT_STRING, &[&[0, 7]]);
    let signature_algorithm = sequence(&[&object_identifier(SHA_256_WITH_RSA), &null()]);
    let der = sequence(&[&to_be_signed, &signature_algorithm, &signature]);
    let body = STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

/// A key of 1024 bits: that of af-south-1.
const BUILTIN_RSA1024: &str = "\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDFd571nUzVtke3rPyRkYfvs3jh0C0EMzzG72boyUNjnfw1+m0T\
    eFraTLKb9T6F7TuB/ZEN+vmlYqr2+5Va8U8qLbPF0bRH+FdaKjhgWZdYXxGzQzU3ioy5W5ZM1VyB7iUsxEAlxsyb\
    C3ziPYaHI42UiTkQNahmoroNeqVyHNnBpQIDAQAB";
