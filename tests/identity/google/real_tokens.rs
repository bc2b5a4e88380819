//! Are the tokens that Google itself signed believed at their time, if they speak of a machine?

use std::sync::Arc;

use callsign::identity::{
    CurrentKeys, GooglePolicy, IdentityProof, KeySet, Policy, Trust, VerifiedInstance, VerifyError,
    verify,
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::identity::fixture::word;
use crate::support::machine::GOOGLE;
use crate::support::vectors::{Vector, of_provider};

/// Asks about a token, with the key set of its time where that was found.
fn ask(vector: &Vector, now: DateTime<Utc>) -> Result<VerifiedInstance, VerifyError> {
    let proof = IdentityProof::google_token(&vector.read("token.jwt")).unwrap();
    let set = match vector.has("jwks.json") {
        true => vector.read("jwks.json"),
        false => GOOGLE.jwks().unwrap().to_string(),
    };
    let keys = CurrentKeys::default();
    keys.replace(Arc::new(KeySet::parse(set.as_bytes()).unwrap()), now, None);
    let policy = Policy {
        leeway: TimeDelta::seconds(60),
        google: GooglePolicy {
            audiences: [vector.text("aud").to_owned()].into(),
            ..GooglePolicy::default()
        },
        ..Policy::default()
    };
    verify(&proof, &Trust { google: Some(keys), ..Trust::default() }, &policy, now)
}

fn signed_at(vector: &Vector) -> DateTime<Utc> {
    DateTime::from_timestamp(vector.number("signingTime"), 0).unwrap()
}

#[test]
fn a_real_token_proves_its_machine_for_an_hour() {
    for vector in of_provider("gcp").iter().filter(|vector| !vector.id.is_empty()) {
        let signed = signed_at(vector);
        let instance = ask(vector, signed + TimeDelta::minutes(10)).unwrap();
        assert_eq!(instance.instance_id().as_str(), vector.id);
        assert_eq!(instance.account(), vector.text("project"));
        assert_eq!(instance.zone(), Some(vector.text("zone")));
        assert_eq!(vector.text("zone").rsplit_once('-').unwrap().0, instance.region());
        for (minutes, verdict) in [(-2, "time-in-future"), (59, "verified"), (62, "expired")] {
            let at = signed + TimeDelta::minutes(minutes);
            assert_eq!(word(ask(vector, at)), verdict, "{} {minutes}", vector.name);
        }
    }
}

#[test]
fn a_real_token_of_a_service_account_proves_no_machine() {
    for vector in of_provider("gcp").iter().filter(|vector| vector.id.is_empty()) {
        let at = signed_at(vector) + TimeDelta::minutes(10);
        let expected =
            if vector.find("token.jwt").is_some() { "document-member" } else { "unknown-key" };
        assert_eq!(word(ask(vector, at)), expected, "{}", vector.name);
    }
}
