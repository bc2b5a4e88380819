//! Which messages and documents of Azure's form must not be believed? Each rule, broken alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::emulator::asn1::{definite, indefinite, set, tag};
use callsign::identity::{IdentityProof, verify};
use der::asn1::ObjectIdentifier as Oid;

use super::forge::*;
use crate::identity::envelope::{
    DATA, Envelope, MD5, MESSAGE_DIGEST, RSA, SHA_1, SHA_256, SHA_256_WITH_RSA, SHA_512_WITH_RSA,
    SIGNED_DATA, algorithm, attribute, content_type, message_digest,
};
use crate::identity::fixture::{now, policy, word};

const MD5_WITH_RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.4");
const SHA_1_WITH_RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.5");

fn verdict_on_bytes(message: &[u8]) -> &'static str {
    word(verify(&proof(message, &[&ISSUING.der]), &TRUST, &policy(), now()))
}

/// The message as RFC 5652 would have it: the digest's own algorithm, and signed attributes.
fn with_attributes(message: &mut Envelope) {
    message.digest_algorithms = vec![algorithm(SHA_256)];
    message.digest_algorithm = algorithm(SHA_256);
    message.attributes = vec![content_type(DATA), message_digest(DOCUMENT)];
    message.signed = None;
}

#[test]
fn the_unchanged_message_proves_its_machine() {
    let instance = verified(&message(DOCUMENT, &leaf(|_| {})), &[&ISSUING.der]).unwrap();
    assert_eq!(instance.instance_id().as_str(), VM);
    assert_eq!(verdict(with_attributes), "verified");
}

#[test]
fn a_tampered_document_is_refused() {
    let tampered = DOCUMENT.replace(VM, "00000000-74ef-476e-8182-f6d2ba4166a6").into_bytes();
    assert_eq!(verdict(|m| m.content = Some(tampered.clone())), "signature-invalid");
    let verdict = verdict(|m| {
        with_attributes(m);
        m.content = Some(tampered);
    });
    assert_eq!(verdict, "cms-digest-mismatch");
}

#[test]
fn a_tampered_signature_is_refused() {
    let mut signature = KEY.sign(DOCUMENT.as_bytes()).unwrap();
    signature[100] ^= 1;
    assert_eq!(verdict(|m| m.signature = Some(signature)), "signature-invalid");
    for length in [0, 1, 255, 257] {
        let verdict = verdict(|m| m.signature = Some(vec![0; length]));
        assert_eq!(verdict, "signature-invalid", "{length} bytes");
    }
}

#[test]
fn a_foreign_key_is_refused() {
    assert_eq!(verdict(|m| m.key = OTHER_KEY.clone()), "signature-invalid");
}

#[test]
fn signed_attributes_are_held_to_their_rules() {
    let verdict_on = |attributes: Vec<Vec<u8>>| {
        verdict(|m| {
            with_attributes(m);
            m.attributes = attributes;
        })
    };
    let other = message_digest("another");
    let digest = message_digest(DOCUMENT);
    let data = content_type(DATA);
    let type_of_others = content_type(SIGNED_DATA);
    assert_eq!(verdict_on(vec![data.clone(), other]), "cms-digest-mismatch");
    assert_eq!(verdict_on(vec![data.clone()]), "cms-attribute");
    assert_eq!(verdict_on(vec![digest.clone()]), "cms-attribute");
    assert_eq!(verdict_on(vec![type_of_others, digest]), "cms-content-type");
    let empty = attribute(MESSAGE_DIGEST, &[]);
    assert_eq!(verdict_on(vec![data, empty]), "cms-attribute");
}

#[test]
fn attributes_that_were_signed_are_no_document() {
    let mut attributes = [content_type(DATA), message_digest(DOCUMENT)];
    attributes.sort();
    let attributes = set(&[&attributes.concat()]);
    let verdict = verdict(|m| {
        m.content = Some(attributes.clone());
        m.signed = Some(attributes);
    });
    assert_eq!(verdict, "document-not-json");
}

#[test]
fn a_document_that_was_signed_is_not_taken_for_attributes() {
    let verdict = verdict(|m| {
        with_attributes(m);
        m.signed = Some(DOCUMENT.as_bytes().to_vec());
    });
    assert_eq!(verdict, "signature-invalid");
}

#[test]
fn the_misplaced_algorithm_is_taken_in_both_places_or_in_none_and_without_attributes() {
    let (digest, misplaced) = (algorithm(SHA_256), algorithm(SHA_256_WITH_RSA));
    for (announced, used, expected) in [
        (&digest, &digest, "verified"),
        (&misplaced, &misplaced, "verified"),
        (&misplaced, &digest, "cms-algorithm"),
        (&digest, &misplaced, "cms-algorithm"),
    ] {
        let verdict = verdict(|m| {
            m.digest_algorithms = vec![announced.clone()];
            m.digest_algorithm.clone_from(used);
        });
        assert_eq!(verdict, expected);
    }
    let verdict = verdict(|m| {
        with_attributes(m);
        m.digest_algorithms = vec![misplaced.clone()];
        m.digest_algorithm = misplaced;
    });
    assert_eq!(verdict, "cms-algorithm");
}

#[test]
fn other_algorithms_are_refused() {
    for oid in [MD5, SHA_1, MD5_WITH_RSA, SHA_1_WITH_RSA, SHA_512_WITH_RSA, RSA] {
        let digest = verdict(|m| {
            m.digest_algorithms = vec![algorithm(oid)];
            m.digest_algorithm = algorithm(oid);
        });
        assert_eq!(digest, "cms-algorithm", "{oid}");
    }
    for oid in [MD5_WITH_RSA, SHA_1_WITH_RSA, SHA_512_WITH_RSA, SHA_256] {
        let signature = verdict(|m| m.signature_algorithm = algorithm(oid));
        assert_eq!(signature, "cms-algorithm", "{oid}");
    }
}

#[test]
fn two_signers_are_refused() {
    assert_eq!(verdict(|m| m.signers = 2), "cms-signer-count");
}

#[test]
fn no_signer_is_refused() {
    assert_eq!(verdict(|m| m.signers = 0), "cms-signer-count");
}

#[test]
fn detached_content_is_refused() {
    assert_eq!(verdict(|m| m.content = None), "cms-content-missing");
}

#[test]
fn trailing_bytes_are_refused() {
    let mut bytes = message(DOCUMENT, &leaf(|_| {})).encode();
    assert_eq!(verdict_on_bytes(&bytes), "verified");
    bytes.push(0);
    assert_eq!(verdict_on_bytes(&bytes), "cms-trailing-bytes");
    let unread = definite(tag::CONTEXT_1, &[]);
    assert_eq!(verdict(|m| m.unsigned_attributes = unread), "not-cms");
}

#[test]
fn trailing_bytes_in_the_document_are_refused() {
    for more in ["{}", "x", "\0"] {
        let document = format!("{DOCUMENT}{more}");
        let verdict = word(verified(&message(&document, &leaf(|_| {})), &[&ISSUING.der]));
        assert_eq!(verdict, "document-not-json", "{more:?}");
    }
}

#[test]
fn indefinite_lengths_are_no_der() {
    let der = message(DOCUMENT, &leaf(|_| {})).encode();
    assert_eq!(der[..2], [tag::SEQUENCE, 0x82]);
    assert_eq!(verdict_on_bytes(&indefinite(tag::SEQUENCE, &[&der[4..]])), "cms-not-der");
}

#[test]
fn deep_nesting_is_refused() {
    let mut message = Vec::new();
    while message.len() < 20_000 {
        message = definite(tag::SEQUENCE, &[&message]);
    }
    assert_eq!(verdict_on_bytes(&message), "cms-too-deep");
    let deep = format!("{}{}", "{\"a\":".repeat(3_000), "}".repeat(3_000));
    assert_eq!(verdict_of_document(&deep), "document-too-deep");
}

#[test]
fn huge_input_is_refused_before_it_is_decoded() {
    let field = |signature: &str, certificates: &[String]| {
        IdentityProof::azure_attested(signature, certificates).unwrap_err().field()
    };
    assert_eq!(field(&"A".repeat(32 * 1024 + 1), &[]), "signature");
    assert_eq!(field("AAAA", &["A".repeat(8 * 1024 + 1)]), "certificates");
    assert_eq!(field("AAAA", &vec!["AAAA".to_owned(); 7]), "certificates");
}

#[test]
fn the_largest_input_is_judged() {
    let document = DOCUMENT.replace("\"sku\":\"\"", &format!("\"sku\":\"{}\"", "x".repeat(20_000)));
    let bytes = message(&document, &leaf(|_| {})).encode();
    assert!(STANDARD.encode(&bytes).len() < 32 * 1024);
    assert_eq!(verdict_on_bytes(&bytes), "verified");
}

fn verdict_of_document(document: &str) -> &'static str {
    word(verified(&message(document, &leaf(|_| {})), &[&ISSUING.der]))
}

#[test]
fn a_document_that_is_not_well_formed_is_refused_though_it_is_signed() {
    let changed = |from: &str, to: &str| {
        assert!(DOCUMENT.contains(from), "{from}");
        verdict_of_document(&DOCUMENT.replacen(from, to, 1))
    };
    let time = "01/15/27 08:00:00 -0000";
    let twice = format!("\"vmId\":\"{VM}\",\"vmId\":\"{VM}\"");
    for (from, to, expected) in [
        ("vmId", "vmid", "document-member"),
        (VM, "", "document-member"),
        (VM, "{02aab8a4-74ef-476e-8182-f6d2ba4166a6}", "document-member"),
        (VM, "02aab8a474ef476e8182f6d2ba4166a6", "document-member"),
        (VM, "02aab8a4-74ef-476e-8182-f6d2ba4166ag", "document-member"),
        (&format!("\"{VM}\""), "7", "document-member"),
        (&format!("\"vmId\":\"{VM}\""), &twice, "document-duplicate-member"),
        ("8d10da13-8125", "8d10da138125", "document-member"),
        ("\"8d10da13-8125-4ba9-a717-bf7490507b3d\"", "null", "document-member"),
        ("timeStamp", "timestamp", "document-member"),
        ("createdOn", "createdon", "document-member"),
        (time, "2027-01-15T08:00:00Z", "document-member"),
        (time, "1/15/27 08:00:00 -0000", "document-member"),
        (time, "15/01/27 08:00:00 -0000", "document-member"),
        (time, "01/15/27 08:00:00 +0100", "document-member"),
        (time, "01/15/27 08:00:00", "document-member"),
        (time, "01/15/27 08:01:01 -0000", "time-in-future"),
        ("01/15/27 14:00:00 -0000", "01/15/27 07:58:59 -0000", "expired"),
        ("01/15/27 14:00:00 -0000", "01/15/27 07:59:00 -0000", "verified"),
    ] {
        assert_eq!(changed(from, to), expected, "{from} becomes {to}");
    }
}
