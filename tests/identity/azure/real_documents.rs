//! Are the documents that Azure itself signed believed in their time, and at no other?

use callsign::identity::{
    AzureCloud, AzurePolicy, AzureTrust, IdentityProof, Policy, VerifiedInstance, VerifyError,
    verify,
};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use crate::identity::fixture::{BUILTIN, now, policy, word};
use crate::support::vectors::{Vector, find_file, of_provider};

const UNTRUSTED: &str = "azure/negative/taskcluster-wrong-subject-selfsigned.pkcs7.pem";
const TAMPERED: [&str; 2] = [
    "azure/negative/taskcluster-message-tampered.b64",
    "azure/negative/taskcluster-signature-tampered.b64",
];

/// The real documents whose path ends at an authority.
pub fn genuine() -> Vec<Vector> {
    let mut all = of_provider("azure");
    all.retain(|vector| vector.expects("chain at createdOn"));
    all
}

fn proof_of(text: &str) -> IdentityProof {
    IdentityProof::azure_attested::<&str>(text, &[]).unwrap()
}

pub fn created_on(vector: &Vector) -> DateTime<Utc> {
    let time = vector.signed_at.strip_suffix(" -0000").unwrap();
    NaiveDateTime::parse_from_str(time, "%m/%d/%y %H:%M:%S").unwrap().and_utc()
}

pub fn all_clouds() -> Policy {
    let clouds = [AzureCloud::Public, AzureCloud::UsGovernment, AzureCloud::China].into();
    Policy { azure: AzurePolicy { clouds, ..AzurePolicy::default() }, ..policy() }
}

fn believed(text: &str, at: DateTime<Utc>) -> Result<VerifiedInstance, VerifyError> {
    verify(&proof_of(text), &BUILTIN, &all_clouds(), at)
}

#[test]
fn every_real_document_proves_its_machine_ten_minutes_after_it_was_made() {
    for vector in genuine() {
        let at = created_on(&vector) + TimeDelta::minutes(10);
        let instance = believed(&vector.read("signature.b64"), at)
            .unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert_eq!(instance.instance_id().as_str(), vector.id);
        assert_eq!(instance.account(), vector.account);
        assert_eq!(instance.region(), "");
        assert_eq!(instance.proof_kind().as_str(), "azure:attested-data");
    }
}

#[test]
fn every_real_document_is_refused_before_and_after_its_six_hours() {
    for vector in genuine() {
        let (text, from) = (vector.read("signature.b64"), created_on(&vector));
        let until = from + TimeDelta::hours(6);
        let (leeway, second) = (TimeDelta::seconds(60), TimeDelta::seconds(1));
        let verdict = |at| word(believed(&text, at));
        let name = &vector.name;
        assert_eq!(verdict(from - leeway), "verified", "{name}");
        assert_eq!(verdict(from - leeway - second), "time-in-future", "{name}");
        assert_eq!(verdict(until + leeway), "verified", "{name}");
        assert_eq!(verdict(until + leeway + second), "expired", "{name}");
    }
}

#[test]
fn every_real_document_is_refused_today() {
    for vector in genuine() {
        let verdict = believed(&vector.read("signature.b64"), now());
        assert!(matches!(verdict, Err(VerifyError::Rejected(_))), "{}", vector.name);
    }
}

#[test]
fn every_real_document_counts_for_its_own_cloud_only() {
    for vector in genuine() {
        let government = vector.name.contains("govcloud");
        let proof = proof_of(&vector.read("signature.b64"));
        let at = created_on(&vector) + TimeDelta::minutes(10);
        for (cloud, counts) in [
            (AzureCloud::Public, !government),
            (AzureCloud::UsGovernment, government),
            (AzureCloud::China, false),
        ] {
            let azure = AzurePolicy { clouds: [cloud].into(), ..AzurePolicy::default() };
            let verdict = verify(&proof, &BUILTIN, &Policy { azure, ..policy() }, at);
            let expected = if counts { "verified" } else { "certificate-name" };
            assert_eq!(word(verdict), expected, "{} {cloud:?}", vector.name);
        }
    }
}

#[test]
fn a_real_document_is_refused_once_its_authority_has_ended() {
    for vector in genuine() {
        let text = include_str!("../../../config/trust/azure.toml");
        let ended = created_on(&vector).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let dated = |line: &str| match line.starts_with("not_after") {
            true => format!("not_after = {ended:?}\n"),
            false => format!("{line}\n"),
        };
        let toml: String = text.lines().map(dated).collect();
        let azure = AzureTrust::parse(&toml).unwrap();
        let trust = callsign::identity::Trust { azure, ..BUILTIN.clone() };
        let at = created_on(&vector) + TimeDelta::seconds(1);
        let verdict = verify(&proof_of(&vector.read("signature.b64")), &trust, &all_clouds(), at);
        assert_eq!(word(verdict), "certificate-unknown-issuer", "{}", vector.name);
    }
}

/// Their signatures are good, by certificates that nobody vouches for.
#[test]
fn a_good_signature_by_an_untrusted_signer_is_refused_at_any_time() {
    let mut texts: Vec<String> = find_file(UNTRUSTED).into_iter().collect();
    let untrusted = of_provider("azure").into_iter().filter(|v| !v.expects("chain at createdOn"));
    texts.extend(untrusted.map(|vector| vector.read("signature.b64")));
    for text in texts {
        let first = DateTime::from_timestamp(1_541_000_000, 0).unwrap();
        for at in (0..4_000).map(|half_days| first + TimeDelta::hours(12 * half_days)) {
            let verdict = believed(&text, at);
            assert!(matches!(verdict, Err(VerifyError::Rejected(_))), "{at}");
        }
    }
}

#[test]
fn altered_copies_of_a_real_document_are_refused_in_its_time() {
    let at = NaiveDateTime::parse_from_str("2019-12-13 00:43:40", "%Y-%m-%d %H:%M:%S").unwrap();
    for text in TAMPERED.iter().filter_map(|path| find_file(path)) {
        let verdict = believed(&text, at.and_utc());
        assert!(matches!(verdict, Err(VerifyError::Rejected(_))), "{verdict:?}");
    }
}
