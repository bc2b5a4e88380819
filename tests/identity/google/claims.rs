//! What must a token say, signed by Google as it is?

use callsign::identity::{VerifyError, verify};
use callsign::names::Provider;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::fixture::*;
use crate::identity::fixture::{now, word};

const MACHINE: &str = "/google/compute_engine";

#[test]
fn a_genuine_token_proves_its_machine() {
    let instance = verdict_at(&signed(&header(), &claims()), now()).unwrap();
    assert_eq!(instance.provider(), Provider::Google);
    assert_eq!(instance.account(), PROJECT);
    assert_eq!(instance.region(), "us-east1");
    assert_eq!(instance.zone(), Some("us-east1-b"));
    assert_eq!(instance.instance_id().as_str(), INSTANCE);
    assert_eq!(instance.proof_kind().as_str(), "google:identity-token");
    assert_eq!(instance.launched_at().unwrap().timestamp(), 1_790_000_000);
}

#[test]
fn a_token_without_a_machine_proves_none() {
    for (path, value) in [
        ("/google", Value::Null),
        ("/google", json!("compute_engine")),
        ("/google/compute_engine", Value::Null),
        ("/google/compute_engine", json!([])),
        ("/google/compute_engine", json!({})),
    ] {
        assert_eq!(with(path, value), "document-member", "{path}");
    }
}

#[test]
fn another_issuer_is_refused() {
    assert_eq!(with("/iss", json!("https://accounts.example")), "issuer");
    assert_eq!(with("/iss", Value::Null), "document-member");
    assert_eq!(with("/iss", json!(["https://accounts.google.com"])), "document-member");
}

#[test]
fn a_look_alike_issuer_is_refused() {
    for issuer in [
        "accounts.google.com",
        "http://accounts.google.com",
        "https://accounts.google.com/",
        "https://accounts.google.com.example",
        "https://Accounts.google.com",
        "https://accounts.google.com ",
        "https://accounts.g\u{43e}ogle.com",
        "",
    ] {
        assert_eq!(with("/iss", json!(issuer)), "issuer", "{issuer:?}");
    }
}

#[test]
fn a_missing_audience_is_refused() {
    assert_eq!(with("/aud", Value::Null), "document-member");
}

#[test]
fn an_empty_audience_is_refused() {
    assert_eq!(with("/aud", json!("")), "audience");
}

#[test]
fn a_list_of_audiences_is_refused_even_if_ours_is_in_it() {
    for list in [json!(["coder"]), json!(["coder", "other"]), json!([]), json!({"coder": 1})] {
        assert_eq!(with("/aud", list), "document-member");
    }
}

#[test]
fn another_audience_is_refused() {
    for audience in ["other", "Coder", "coder ", "coder/", "https://broker.example/", "*"] {
        assert_eq!(with("/aud", json!(audience)), "audience", "{audience}");
    }
    assert_eq!(with("/aud", json!("https://broker.example")), "verified");
}

#[test]
fn times_that_are_no_integers_are_refused() {
    let made = now().timestamp() - 600;
    for name in ["/iat", "/exp"] {
        for value in [
            json!(made.to_string()),
            json!(made as f64),
            json!(made as f64 + 0.5),
            json!(true),
            json!([made]),
            Value::Null,
        ] {
            assert_eq!(with(name, value.clone()), "document-member", "{name} {value}");
        }
    }
    let null = signed(&header(), &claims()).len();
    assert!(null > 0);
    let text = claims().to_string().replace(&format!("\"iat\":{made}"), "\"iat\":null");
    let token = crate::support::machine::GOOGLE.sign(&header().to_string(), &text).unwrap();
    assert_eq!(verdict(&token), "document-member");
}

#[test]
fn times_beyond_all_bounds_are_refused() {
    for value in [json!(1_u64 << 63), json!(u64::MAX), json!(i64::MAX), json!(i64::MIN)] {
        for name in ["/iat", "/exp"] {
            assert_eq!(with(name, value.clone()), "document-member", "{name} {value}");
        }
    }
    assert_eq!(with("/exp", json!(-1)), "expired");
    assert_eq!(with("/iat", json!(-1)), "lifetime");
}

#[test]
fn a_token_is_good_from_a_leeway_before_it_is_made_to_a_leeway_after_it_expires() {
    let token = signed(&header(), &claims());
    let made = now() - TimeDelta::minutes(10);
    for (seconds, word_of_it) in [
        (-61, "time-in-future"),
        (-60, "verified"),
        (0, "verified"),
        (3_600, "verified"),
        (3_659, "verified"),
        (3_660, "expired"),
        (1_000_000, "expired"),
    ] {
        let at = made + TimeDelta::seconds(seconds);
        assert_eq!(word(verdict_at(&token, at)), word_of_it, "{seconds}");
    }
}

#[test]
fn a_token_that_claims_more_than_an_hour_is_refused() {
    let made = now().timestamp();
    for (lifetime, word_of_it) in
        [(3_600, "verified"), (3_660, "verified"), (3_661, "lifetime"), (86_400, "lifetime")]
    {
        let claims = changed(claims(), "/iat", json!(made));
        let claims = changed(claims, "/exp", json!(made + lifetime));
        assert_eq!(verdict(&signed(&header(), &claims)), word_of_it, "{lifetime}");
    }
    assert_eq!(with("/exp", json!(made - 601)), "expired");
    let backwards = changed(changed(claims(), "/iat", json!(made + 30)), "/exp", json!(made + 29));
    assert_eq!(verdict(&signed(&header(), &backwards)), "lifetime");
}

#[test]
fn a_token_that_is_not_yet_to_be_used_is_refused() {
    assert_eq!(with("/nbf", json!(now().timestamp() + 61)), "time-in-future");
    assert_eq!(with("/nbf", json!(now().timestamp() + 60)), "verified");
    assert_eq!(with("/nbf", json!("soon")), "document-member");
}

#[test]
fn an_instance_id_is_a_number_of_64_bits_written_in_one_way() {
    let id = format!("{MACHINE}/instance_id");
    for good in [json!("1"), json!("18446744073709551615"), json!(1), json!(u64::MAX)] {
        assert_eq!(with(&id, good.clone()), "verified", "{good}");
    }
    for bad in [
        json!(""),
        json!("0"),
        json!(0),
        json!("01"),
        json!("+1"),
        json!("-1"),
        json!(-1),
        json!(" 1"),
        json!("1.0"),
        json!(1.0),
        json!(1e3),
        json!("1e3"),
        json!("18446744073709551616"),
        json!("i-0abc"),
        json!(["1"]),
        json!(true),
        Value::Null,
    ] {
        assert_eq!(with(&id, bad.clone()), "document-member", "{bad}");
    }
}

#[test]
fn project_and_zone_are_well_formed() {
    let long = "a".repeat(129);
    for good in ["fair-kingdom-308514", "example.com:old-project"] {
        assert_eq!(with(&format!("{MACHINE}/project_id"), json!(good)), "verified", "{good}");
    }
    for bad in ["", "A-project", "a project", "a/project", "a\nb", &long] {
        assert_eq!(with(&format!("{MACHINE}/project_id"), json!(bad)), "document-member", "{bad}");
    }
    for bad in ["", "us", "-b", "us-east1-", "US-east1-b", "projects/1/zones/us-east1-b", &long] {
        assert_eq!(with(&format!("{MACHINE}/zone"), json!(bad)), "document-member", "{bad}");
    }
    for name in ["project_id", "zone"] {
        assert_eq!(with(&format!("{MACHINE}/{name}"), json!(1)), "document-member");
        assert_eq!(with(&format!("{MACHINE}/{name}"), Value::Null), "document-member");
    }
}

#[test]
fn a_claim_that_occurs_twice_is_refused_at_any_level() {
    let claims = claims().to_string();
    for (was, is) in [
        (r#"{"aud""#, r#"{"aud":"other","aud""#),
        (r#""instance_id":"#, r#""instance_id":"1","instance_id":"#),
        (r#""zone":"#, r#""x":[{"a":1,"\u0061":1}],"zone":"#),
    ] {
        assert!(claims.contains(was));
        let twice = claims.replacen(was, is, 1);
        let token = crate::support::machine::GOOGLE.sign(&header().to_string(), &twice).unwrap();
        assert_eq!(verdict(&token), "document-duplicate-member", "{is}");
    }
}

#[test]
fn only_listed_projects_are_allowed_and_who_proved_nothing_learns_nothing_of_the_list() {
    let mut policy = policy();
    policy.google.projects = ["other-project".to_owned()].into();
    let ask = |token: &str| {
        let proof = callsign::identity::IdentityProof::google_token(token).unwrap();
        verify(&proof, &trust(), &policy, now())
    };
    let refused = VerifyError::NotAllowed { what: "project", value: PROJECT.to_owned() };
    assert_eq!(ask(&signed(&header(), &claims())), Err(refused));
    let expired = changed(claims(), "/exp", json!(1));
    assert_eq!(word(ask(&signed(&header(), &expired))), "expired");
}
