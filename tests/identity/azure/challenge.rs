//! By the rule alone: which of the documents that Azure itself signed, some of them with nonces of
//! their callers' own, mean to answer a challenge?

use callsign::identity::{
    AzurePolicy, Challenger, Demand, IdentityProof, Policy, Trust, VerifiedInstance, VerifyError,
    verify,
};
use chrono::TimeDelta;
use zeroize::Zeroizing;

use super::real_documents::{all_clouds, created_on, genuine};
use crate::identity::fixture::{BUILTIN, word};
use crate::support::vectors::Vector;

fn verdict(
    vector: &Vector,
    demand: Demand,
    existing_client: bool,
) -> Result<VerifiedInstance, VerifyError> {
    let challenger =
        Challenger::new(&Zeroizing::new([7; 32]), "https://b/v1/challenge/".to_owned());
    let trust = Trust { challenger: Some(challenger), ..BUILTIN.clone() };
    let azure = AzurePolicy { nonce: demand, ..all_clouds().azure };
    let policy = Policy { azure, ..all_clouds() };
    let proof = IdentityProof::azure_attested::<&str>(&vector.read("signature.b64"), &[]).unwrap();
    let proof = if existing_client { proof.of_existing_client() } else { proof };
    verify(&proof, &trust, &policy, created_on(vector) + TimeDelta::minutes(10))
}

/// Whether whoever read the document gave a nonce of ten digits.
fn has_ten_digits(vector: &Vector) -> bool {
    let content: serde_json::Value = serde_json::from_str(&vector.read("content.json")).unwrap();
    let nonce = content["nonce"].as_str().unwrap();
    nonce.len() == 10 && nonce.bytes().all(|byte| byte.is_ascii_digit())
}

#[test]
fn real_documents_log_existing_clients_in_whatever_their_nonces() {
    for vector in genuine() {
        let instance = verdict(&vector, Demand::Optional, true);
        assert_eq!(instance.unwrap().answered(), None, "{}", vector.name);
    }
}

#[test]
fn azures_own_nonce_is_no_answer_and_ten_digits_are_meant_as_one() {
    for vector in genuine() {
        let expected = if has_ten_digits(&vector) { "challenge-unknown" } else { "verified" };
        assert_eq!(word(verdict(&vector, Demand::Optional, false)), expected, "{}", vector.name);
    }
}

#[test]
fn where_an_answer_is_required_no_real_document_has_one() {
    for vector in genuine() {
        assert_eq!(
            word(verdict(&vector, Demand::Required, true)),
            "no-challenge",
            "{}",
            vector.name
        );
    }
}
