//! Which documents must not be believed, although somebody signed them? By both kinds of proof.

use callsign::identity::{
    AwsKind, AwsTrust, IdentityProof, Trust, VerifiedInstance, VerifyError, verify,
};
use callsign::names::Provider;
use chrono::TimeDelta;

use super::envelope::{Envelope, proof};
use super::fixture::*;

/// The verdicts on a document that the trusted signer signed in both ways.
fn verdicts(document: &str) -> [&'static str; 2] {
    [pkcs7(&SIGNER, document), detached(&SIGNER, document)].map(|proof| word(verified(&proof)))
}

fn both(verdict: &'static str) -> [&'static str; 2] {
    [verdict; 2]
}

#[test]
fn a_genuine_document_proves_its_machine() {
    let facts = |instance: &VerifiedInstance| {
        (
            instance.provider(),
            instance.account().to_owned(),
            instance.region().to_owned(),
            instance.instance_id().to_string(),
        )
    };
    let expected = (Provider::Aws, ACCOUNT.to_owned(), REGION.to_owned(), INSTANCE.to_owned());
    let strong = verified(&pkcs7(&SIGNER, &document())).unwrap();
    let weak = verified(&detached(&SIGNER, &document())).unwrap();
    assert_eq!(facts(&strong), expected);
    assert_eq!(facts(&weak), expected);
    assert_eq!(strong.proof_kind().as_str(), "aws:rsa2048");
    assert_eq!(weak.proof_kind().as_str(), "aws:rsa1024");
}

#[test]
fn members_that_matter_must_be_well_formed() {
    let cases = [
        (r#""accountId" : "123456789012""#, r#""accountId" : 123456789012"#),
        (r#""accountId" : "123456789012""#, r#""accountId" : "12345678901""#),
        (r#""accountId" : "123456789012""#, r#""accountId" : "12345678901x""#),
        (r#""accountId" : "123456789012""#, r#""other" : "123456789012""#),
        (r#""region" : "eu-test-1""#, r#""region" : null"#),
        (r#""region" : "eu-test-1""#, r#""region" : """#),
        (r#""region" : "eu-test-1""#, r#""region" : "EU-TEST-1""#),
        (r#""region" : "eu-test-1""#, r#""Region" : "eu-test-1""#),
        (r#""instanceId" : "i-"#, r#""instanceId" : "i 1"#),
        (r#""instanceId" : "i-"#, r#""instanceID" : "i-"#),
        (r#""pendingTime" : "2027-01-15T"#, r#""pendingTime" : "2027-01-15-"#),
        (r#""pendingTime" : "2027-01-15T"#, r#""pending" : "2027-01-15T"#),
    ];
    for (was, is) in cases {
        assert!(document().contains(was), "{was}");
        let changed = document().replace(was, is);
        assert_eq!(verdicts(&changed), both("document-member"), "{is}");
    }
}

#[test]
fn a_duplicate_member_is_refused_at_any_level() {
    let first = document().replacen('{', r#"{"accountId" : "999999999999","#, 1);
    assert_eq!(verdicts(&first), both("document-duplicate-member"));
    let nested = document().replacen('{', r#"{"x" : [{"a":1,"a":1}],"#, 1);
    assert_eq!(verdicts(&nested), both("document-duplicate-member"));
    let escaped = document().replacen('{', r#"{"\u0072egion" : "x","#, 1);
    assert_eq!(verdicts(&escaped), both("document-duplicate-member"));
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("{{\"x\" : {}{},", "[".repeat(4_000), "]".repeat(4_000));
    let document = document().replacen('{', &deep, 1);
    assert_eq!(verdicts(&document), both("document-too-deep"));
}

#[test]
fn what_is_no_json_object_is_refused() {
    for (text, code) in [
        ("no", "document-not-json"),
        ("[]", "document-not-an-object"),
        ("{}{}", "document-not-json"),
    ] {
        assert_eq!(verdicts(text), both(code), "{text}");
    }
}

#[test]
fn unknown_members_do_no_harm() {
    let document = document().replacen('{', r#"{"new" : {"a" : [1, true]},"#, 1);
    assert_eq!(verdicts(&document), both("verified"));
}

#[test]
fn huge_input_is_malformed_before_it_is_decoded() {
    let huge = "A".repeat(60_000);
    let word_of = |proof: Result<_, callsign::identity::ProofError>| proof.unwrap_err().field();
    assert_eq!(word_of(IdentityProof::aws_pkcs7(&huge)), "pkcs7");
    assert_eq!(word_of(IdentityProof::aws_document(&huge, "AA==")), "document");
    assert_eq!(word_of(IdentityProof::aws_document("{}", &huge)), "signature");
}

#[test]
fn an_unknown_region_is_refused() {
    let document = document_of("xx-nowhere-1", now());
    assert_eq!(verdicts(&document), both("unknown-region"));
}

#[test]
fn the_key_of_another_region_is_refused() {
    let document = document_of(OTHER_REGION, now());
    assert_eq!(verdicts(&document), both("signature-invalid"));
}

#[test]
fn a_pending_time_beyond_the_leeway_is_refused() {
    let launched_in = |seconds| document_of(REGION, now() + TimeDelta::seconds(seconds));
    assert_eq!(verdicts(&launched_in(60)), both("verified"));
    assert_eq!(verdicts(&launched_in(61)), both("time-in-future"));
}

#[test]
fn a_document_does_not_age() {
    let old = document_of(REGION, now() - TimeDelta::days(3650));
    assert_eq!(verdicts(&old), both("verified"));
}

#[test]
fn a_tampered_document_is_refused() {
    let signature = SIGNER.signature(&document()).unwrap();
    for tampered in [
        document().replace(ACCOUNT, "999999999999"),
        document() + "\n",
        document().replace(" : ", ": "),
    ] {
        let proof = IdentityProof::aws_document(&tampered, &signature).unwrap();
        assert_eq!(word(verified(&proof)), "signature-invalid");
    }
}

#[test]
fn the_signature_of_another_document_is_refused() {
    let other = document().replace(INSTANCE, "i-0fedcba9876543210");
    let signature = SIGNER.signature(&other).unwrap();
    let proof = IdentityProof::aws_document(&document(), &signature).unwrap();
    assert_eq!(word(verified(&proof)), "signature-invalid");
}

#[test]
fn a_signature_of_another_length_is_refused() {
    for signature in ["AA==", "AAAAAAAAAAAAAAAA"] {
        let proof = IdentityProof::aws_document(&document(), signature).unwrap();
        assert_eq!(word(verified(&proof)), "signature-invalid");
    }
}

#[test]
fn a_key_of_one_kind_does_not_sign_the_other() {
    use base64::Engine as _;
    let strong = SIGNER.rsa2048_key().sign(document().as_bytes()).unwrap();
    let strong = base64::engine::general_purpose::STANDARD.encode(strong);
    let as_detached = IdentityProof::aws_document(&document(), &strong).unwrap();
    assert_eq!(word(verified(&as_detached)), "signature-invalid");

    // The reverse: a signer whose keys are listed under each other's kind.
    let toml = SIGNER.trust_toml(REGION).unwrap();
    let swapped = toml
        .replace("\"rsa2048\"", "\"x\"")
        .replace("\"rsa1024\"", "\"rsa2048\"")
        .replace("\"x\"", "\"rsa1024\"");
    let trust = Trust { aws: AwsTrust::parse(&swapped).unwrap(), ..Trust::default() };
    let message = proof(&Envelope::over(&document()).encode());
    let verdict = verify(&message, &trust, &policy(), now());
    assert_eq!(word(verdict), "signature-invalid");
}

#[test]
fn a_kind_that_is_not_accepted_is_refused() {
    let mut policy = policy();
    policy.aws.accept = [AwsKind::Rsa2048].into();
    let word_of = |proof| word(verify(&proof, &TRUST, &policy, now()));
    assert_eq!(word_of(pkcs7(&SIGNER, &document())), "verified");
    assert_eq!(word_of(detached(&SIGNER, &document())), "kind-not-accepted");
}

#[test]
fn only_listed_accounts_and_regions_are_allowed() {
    let proof = pkcs7(&SIGNER, &document());
    let verdict = |account: &str, region: &str| {
        let mut policy = policy();
        policy.aws.accounts = [account.to_owned()].into();
        policy.aws.regions = [region.to_owned()].into();
        verify(&proof, &TRUST, &policy, now())
    };
    assert_eq!(word(verdict(ACCOUNT, REGION)), "verified");
    assert_eq!(
        verdict("999999999999", REGION),
        Err(VerifyError::NotAllowed { what: "account", value: ACCOUNT.to_owned() })
    );
    assert_eq!(
        verdict(ACCOUNT, OTHER_REGION),
        Err(VerifyError::NotAllowed { what: "region", value: REGION.to_owned() })
    );
}

#[test]
fn who_proved_nothing_learns_nothing_of_the_lists() {
    let mut policy = policy();
    policy.aws.accounts = ["999999999999".to_owned()].into();
    let forged = detached(&STRANGER, &document());
    let verdict = verify(&forged, &TRUST, &policy, now());
    assert_eq!(word(verdict), "signature-invalid");
    let future = document_of(REGION, now() + TimeDelta::days(1));
    let verdict = verify(&detached(&SIGNER, &future), &TRUST, &policy, now());
    assert_eq!(word(verdict), "time-in-future");
}
