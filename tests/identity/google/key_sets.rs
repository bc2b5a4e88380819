//! Which key sets are taken, and which keys in them?

use callsign::identity::{KeySet, KeySetError};
use serde_json::{Value, json};

use crate::support::machine::GOOGLE;

fn jwk() -> Value {
    GOOGLE.jwks().unwrap()["keys"][0].clone()
}

fn jwk_with(name: &str, value: Value) -> Value {
    let mut jwk = jwk();
    jwk[name] = value;
    jwk
}

fn parse(keys: &[Value]) -> Result<Vec<String>, KeySetError> {
    let set = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())?;
    Ok(set.ids().map(str::to_owned).collect())
}

#[test]
fn a_key_is_taken_by_its_id() {
    let second = jwk_with("kid", json!("second"));
    assert_eq!(parse(&[jwk(), second]), Ok(vec![GOOGLE.key_id().to_owned(), "second".to_owned()]));
    let mut plain = jwk();
    for name in ["alg", "use"] {
        plain.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(parse(&[plain]).unwrap().len(), 1);
}

#[test]
fn keys_of_other_kinds_are_passed_over() {
    for other in [
        jwk_with("kty", json!("EC")),
        jwk_with("kty", json!("oct")),
        jwk_with("use", json!("enc")),
        jwk_with("use", json!(["sig"])),
        jwk_with("alg", json!("RS512")),
        jwk_with("alg", json!("none")),
        jwk_with("kid", json!("")),
        jwk_with("kid", json!(1)),
        jwk_with("kid", json!("x".repeat(129))),
        jwk_with("n", json!("AQAB")),
        jwk_with("n", json!("not base64url!")),
        jwk_with("e", json!("")),
        json!({}),
        json!("key"),
    ] {
        assert_eq!(parse(std::slice::from_ref(&other)), Err(KeySetError::NoneUsable), "{other}");
        assert_eq!(parse(&[other, jwk()]).map(|ids| ids.len()), Ok(1));
    }
}

#[test]
fn an_exponent_that_makes_forging_easy_is_passed_over() {
    for exponent in ["AQ", "Ag", "AA", "AQAA"] {
        let weak = jwk_with("e", json!(exponent));
        assert_eq!(parse(&[weak]), Err(KeySetError::NoneUsable), "{exponent}");
    }
}

#[test]
fn a_modulus_is_of_2048_to_8192_bits() {
    use base64::Engine as _;
    let encode = |bytes: usize| {
        let mut modulus = vec![0xff; bytes];
        modulus[0] = 0xc5;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(modulus)
    };
    for (bytes, taken) in [(64, false), (128, false), (255, false), (256, true), (512, true)] {
        let parsed = parse(&[jwk_with("n", json!(encode(bytes)))]);
        assert_eq!(parsed.is_ok(), taken, "{bytes} bytes");
    }
    assert!(parse(&[jwk_with("n", json!(encode(1_025)))]).is_err());
}

#[test]
fn two_keys_of_one_id_are_refused() {
    assert_eq!(parse(&[jwk(), jwk()]), Err(KeySetError::DuplicateId));
}

#[test]
fn a_set_is_bounded() {
    let many: Vec<Value> = (0..33).map(|n| jwk_with("kid", json!(n.to_string()))).collect();
    assert_eq!(parse(&many), Err(KeySetError::TooMany));
    assert_eq!(parse(&many[..32]).unwrap().len(), 32);
    let long = jwk_with("x", json!("x".repeat(64 * 1024)));
    assert_eq!(parse(&[long]), Err(KeySetError::TooLong));
}

#[test]
fn what_is_no_key_set_says_what_is_wrong() {
    for (text, error) in [
        ("", "it is not JSON"),
        ("[]", "it is not a JSON object"),
        ("{}", "it has no array `keys`"),
        (r#"{"keys":{}}"#, "it has no array `keys`"),
        (r#"{"keys":[],"keys":[]}"#, "a member occurs twice"),
        (
            r#"{"keys":[]}"#,
            "none of its keys is an RSA key of 2048 to 8192 bits for RS256 signatures with a `kid`",
        ),
    ] {
        assert_eq!(KeySet::parse(text.as_bytes()).unwrap_err().to_string(), error, "{text}");
    }
}
