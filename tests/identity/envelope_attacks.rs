//! Which PKCS#7 messages must not be believed? Each rule of the envelope, broken alone.

use callsign::emulator::asn1::{definite, indefinite, object_identifier, octet_string, set, tag};

use super::envelope::*;
use super::fixture::{REGION, STRANGER, document, pkcs7, verified, word};

#[test]
fn the_unchanged_message_is_believed() {
    assert_eq!(verdict(|_| {}), "verified");
}

#[test]
fn attributes_may_come_in_any_order() {
    assert_eq!(verdict(|e| e.attributes.reverse()), "verified");
}

#[test]
fn an_agreeing_algorithm_protection_is_believed() {
    let verdict = verdict(|e| e.attributes.push(algorithm_protection(SHA_256, RSA)));
    assert_eq!(verdict, "verified");
}

#[test]
fn certificates_inside_are_no_evidence_and_do_no_harm() {
    let certificates = definite(tag::CONTEXT_0, &[&set(&[])]);
    assert_eq!(verdict(|e| e.certificates = certificates), "verified");
}

#[test]
fn a_tampered_document_is_refused() {
    let tampered = document().replace("123456789012", "210987654321");
    let verdict = verdict(|e| e.content = Some(tampered.into_bytes()));
    assert_eq!(verdict, "cms-digest-mismatch");
}

#[test]
fn a_tampered_document_with_its_digest_is_refused() {
    let genuine = Envelope::over(&document());
    let mut sorted = genuine.attributes;
    sorted.sort();
    let tampered = document().replace("123456789012", "210987654321");
    let mut forged = Envelope::over(&tampered);
    forged.signed = Some(set(&[&sorted.concat()]));
    assert_eq!(word(verified(&proof(&forged.encode()))), "signature-invalid");
}

#[test]
fn a_foreign_key_is_refused() {
    let key = callsign::emulator::aws::SigningKey::generate().unwrap();
    assert_eq!(verdict(|e| e.key = key), "signature-invalid");
}

#[test]
fn the_right_key_of_the_wrong_region_is_refused() {
    let proof = pkcs7(&STRANGER, &document());
    assert!(document().contains(REGION));
    assert_eq!(word(verified(&proof)), "signature-invalid");
}

#[test]
fn two_signers_are_refused() {
    assert_eq!(verdict(|e| e.signers = 2), "cms-signer-count");
}

#[test]
fn no_signer_is_refused() {
    assert_eq!(verdict(|e| e.signers = 0), "cms-signer-count");
}

#[test]
fn trailing_bytes_are_refused() {
    let mut message = Envelope::over(&document()).encode();
    message.push(0);
    assert_eq!(word(verified(&proof(&message))), "cms-trailing-bytes");
}

#[test]
fn bytes_that_follow_inside_are_refused() {
    let unread = definite(tag::CONTEXT_1, &[]);
    assert_eq!(verdict(|e| e.unsigned_attributes = unread), "not-cms");
}

#[test]
fn detached_content_is_refused() {
    assert_eq!(verdict(|e| e.content = None), "cms-content-missing");
}

#[test]
fn another_message_than_signed_data_is_refused() {
    assert_eq!(verdict(|e| e.outer_type = DATA), "not-cms");
}

#[test]
fn another_version_is_refused() {
    assert_eq!(verdict(|e| e.version = 3), "cms-version");
    assert_eq!(verdict(|e| e.signer_version = 3), "cms-version");
}

#[test]
fn content_of_another_type_is_refused() {
    assert_eq!(verdict(|e| e.content_type = SIGNED_DATA), "cms-content-type");
}

#[test]
fn missing_signed_attributes_are_refused_although_the_signature_is_good() {
    let verdict = verdict(|e| {
        e.attributes.clear();
        e.signed = e.content.clone();
    });
    assert_eq!(verdict, "cms-attributes-missing");
}

/// What a verifier that takes either form falls for: the signed attributes of a genuine message
/// are shown as content, with the same signature.
#[test]
fn signed_attributes_shown_as_content_are_refused() {
    let verdict = verdict(|e| {
        e.attributes.sort();
        let attributes = set(&[&e.attributes.concat()]);
        e.content = Some(attributes.clone());
        e.signed = Some(attributes);
        e.attributes.clear();
    });
    assert_eq!(verdict, "cms-attributes-missing");
}

#[test]
fn a_missing_message_digest_is_refused() {
    assert_eq!(verdict(|e| drop(e.attributes.pop())), "cms-attribute");
}

#[test]
fn a_duplicate_message_digest_is_refused() {
    let verdict_of = |content: &str| verdict(|e| e.attributes.push(message_digest(content)));
    assert_eq!(verdict_of(&document()), "cms-attribute");
    assert_eq!(verdict_of("another"), "cms-attribute");
}

#[test]
fn a_message_digest_of_two_values_is_refused() {
    let digest = octet_string(&[7; 32]);
    let verdict = verdict(|e| e.attributes[1] = attribute(MESSAGE_DIGEST, &[&digest, &digest]));
    assert_eq!(verdict, "cms-attribute");
}

#[test]
fn a_message_digest_of_another_type_is_refused() {
    let value = object_identifier(DATA);
    let verdict = verdict(|e| e.attributes[1] = attribute(MESSAGE_DIGEST, &[&value]));
    assert_eq!(verdict, "cms-attribute");
}

#[test]
fn a_wrong_message_digest_is_refused() {
    let verdict = verdict(|e| e.attributes[1] = message_digest("another"));
    assert_eq!(verdict, "cms-digest-mismatch");
}

#[test]
fn a_wrong_content_type_is_refused() {
    let verdict = verdict(|e| e.attributes[0] = content_type(SIGNED_DATA));
    assert_eq!(verdict, "cms-content-type");
}

#[test]
fn a_missing_or_repeated_content_type_is_refused() {
    assert_eq!(verdict(|e| drop(e.attributes.remove(0))), "cms-attribute");
    let twice = verdict(|e| e.attributes.push(content_type(DATA)));
    assert_eq!(twice, "cms-attribute");
}

#[test]
fn weak_digests_are_refused() {
    for weak in [SHA_1, MD5] {
        let announced = verdict(|e| e.digest_algorithms = vec![algorithm(weak)]);
        let used = verdict(|e| e.digest_algorithm = algorithm(weak));
        assert_eq!((announced, used), ("cms-algorithm", "cms-algorithm"));
    }
}

#[test]
fn no_or_several_announced_digests_are_refused() {
    let none = verdict(|e| e.digest_algorithms.clear());
    let two = verdict(|e| e.digest_algorithms.push(algorithm(SHA_1)));
    assert_eq!((none, two), ("cms-algorithm", "cms-algorithm"));
}

#[test]
fn another_signature_algorithm_is_refused() {
    let verdict = verdict(|e| e.signature_algorithm = algorithm(SHA_512_WITH_RSA));
    assert_eq!(verdict, "cms-algorithm");
}

#[test]
fn algorithm_parameters_are_refused() {
    let salted = definite(tag::SEQUENCE, &[&object_identifier(RSA), &octet_string(b"x")]);
    assert_eq!(verdict(|e| e.signature_algorithm = salted), "cms-algorithm");
}

#[test]
fn dsa_is_malformed_and_not_only_refused() {
    let verdict = verdict(|e| e.signature_algorithm = algorithm(DSA_WITH_SHA_1));
    assert_eq!(verdict, "pkcs7");
}

#[test]
fn an_algorithm_protection_that_disagrees_is_refused() {
    for (digest, signature) in [(SHA_1, RSA), (SHA_256, SHA_256_WITH_RSA)] {
        let disagreeing = algorithm_protection(digest, signature);
        let verdict = verdict(|e| e.attributes.push(disagreeing));
        assert_eq!(verdict, "cms-algorithm-protection");
    }
}

#[test]
fn a_malformed_or_repeated_algorithm_protection_is_refused() {
    let empty = attribute(ALGORITHM_PROTECTION, &[&set(&[])]);
    assert_eq!(verdict(|e| e.attributes.push(empty)), "cms-attribute");
    let twice = [algorithm_protection(SHA_256, RSA), algorithm_protection(SHA_256, RSA)];
    assert_eq!(verdict(|e| e.attributes.extend(twice)), "cms-attribute");
}

#[test]
fn a_signing_time_in_the_future_is_refused() {
    let at = |time: &[u8]| attribute(SIGNING_TIME, &[&definite(tag::UTC_TIME, &[time])]);
    let verdict_at = |time: &[u8]| verdict(|e| e.attributes.push(at(time)));
    assert_eq!(verdict_at(b"270115080100Z"), "verified");
    assert_eq!(verdict_at(b"270115080101Z"), "time-in-future");
    assert_eq!(verdict_at(b"2701150801"), "cms-attribute");
}

#[test]
fn deep_nesting_is_refused() {
    let depth = 10_000;
    let mut message = [tag::SEQUENCE, 0x80].repeat(depth);
    message.extend([0, 0].repeat(depth));
    message.truncate(20_000);
    assert_eq!(word(verified(&proof(&message))), "cms-too-deep");
}

#[test]
fn a_length_beyond_the_message_is_refused() {
    let message = [tag::SEQUENCE, 0x83, 0xff, 0xff, 0xff, 0];
    assert_eq!(word(verified(&proof(&message))), "not-cms");
}

#[test]
fn a_document_in_many_segments_is_one_document() {
    let segments: Vec<Vec<u8>> = document().bytes().map(|b| octet_string(&[b])).collect();
    let content = indefinite(tag::CONSTRUCTED_OCTET_STRING, &[&segments.concat()]);
    let whole = octet_string(document().as_bytes());
    let message = Envelope::over(&document()).encode();
    let resized = in_indefinite_lengths(&message, &whole, &content);
    assert_eq!(word(verified(&proof(&resized))), "verified");
}

/// The message with its content swapped for an encoding of another length. Everything around it
/// is encoded anew, with indefinite lengths.
fn in_indefinite_lengths(message: &[u8], content: &[u8], other: &[u8]) -> Vec<u8> {
    let at = message.windows(content.len()).position(|w| w == content);
    let at = at.unwrap();
    let tail = &message[at + content.len()..];
    let data = object_identifier(DATA);
    let wrapped = indefinite(tag::CONTEXT_0, &[other]);
    let info = indefinite(tag::SEQUENCE, &[&data, &wrapped]);
    let version_and_digests =
        [callsign::emulator::asn1::small_integer(1), set(&[&algorithm(SHA_256)])];
    let signed_data = indefinite(tag::SEQUENCE, &[&version_and_digests.concat(), &info, tail]);
    let outer = indefinite(tag::CONTEXT_0, &[&signed_data]);
    indefinite(tag::SEQUENCE, &[&object_identifier(SIGNED_DATA), &outer])
}
