//! A Google that the tests trust, and tokens to craft.

use std::sync::Arc;

use callsign::identity::{
    CurrentKeys, GooglePolicy, IdentityProof, KeySet, Policy, Trust, VerifiedInstance, VerifyError,
    verify,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::identity::fixture::{now, word};
use crate::support::machine::{AUDIENCE, GOOGLE};

pub const INSTANCE: &str = "2589000000000000001";
pub const PROJECT: &str = "test-project";

/// Believes these keys from now on.
pub fn trust_in(jwks: &Value) -> Trust {
    let keys = CurrentKeys::default();
    keys.replace(Arc::new(KeySet::parse(jwks.to_string().as_bytes()).unwrap()), now(), None);
    Trust { google: Some(keys), ..Trust::default() }
}

pub fn trust() -> Trust {
    trust_in(&GOOGLE.jwks().unwrap())
}

pub fn policy_for(audience: &str) -> Policy {
    Policy {
        leeway: TimeDelta::seconds(60),
        google: GooglePolicy {
            audiences: [audience.to_owned(), "https://broker.example".to_owned()].into(),
            ..GooglePolicy::default()
        },
        ..Policy::default()
    }
}

pub fn policy() -> Policy {
    policy_for(AUDIENCE)
}

/// The header of a genuine token.
pub fn header() -> Value {
    json!({ "alg": "RS256", "kid": GOOGLE.key_id(), "typ": "JWT" })
}

/// The claims of a genuine token that was made ten minutes ago.
pub fn claims() -> Value {
    let made = now().timestamp() - 600;
    json!({
        "aud": AUDIENCE,
        "azp": "104070955682298736149",
        "email": "1-compute@developer.gserviceaccount.example",
        "email_verified": true,
        "exp": made + 3_600,
        "google": { "compute_engine": {
            "instance_creation_timestamp": 1_790_000_000,
            "instance_id": INSTANCE,
            "instance_name": "machine",
            "project_id": PROJECT,
            "project_number": 42,
            "zone": "us-east1-b",
        }},
        "iat": made,
        "iss": "https://accounts.google.com",
        "sub": "104070955682298736149",
    })
}

/// Signed by the trusted Google, whatever it says.
pub fn signed(header: &Value, claims: &Value) -> String {
    GOOGLE.sign(&header.to_string(), &claims.to_string()).unwrap()
}

pub fn verdict_at(token: &str, now: DateTime<Utc>) -> Result<VerifiedInstance, VerifyError> {
    verify(&IdentityProof::google_token(token)?, &trust(), &policy(), now)
}

pub fn verdict(token: &str) -> &'static str {
    word(verdict_at(token, now()))
}

/// The verdict on a genuine token whose claim at this path says something else; `null` takes it out.
pub fn with(path: &str, value: Value) -> &'static str {
    verdict(&signed(&header(), &changed(claims(), path, value)))
}

pub fn changed(mut claims: Value, path: &str, value: Value) -> Value {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = claims.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), value);
    }
    claims
}
