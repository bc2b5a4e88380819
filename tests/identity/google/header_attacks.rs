//! Can a token choose how it is checked? The attacks that JWT libraries fell for, one by one.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RsaKeyPair,
};
use aws_lc_rs::{hmac, signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callsign::emulator::google::GoogleSigner;
use serde_json::{Value, json};

use super::fixture::*;
use crate::identity::fixture::{now, word};
use crate::support::machine::GOOGLE;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Header and claims, encoded and joined: what is signed.
fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(claims.to_string()))
}

fn token(header: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = unsigned(header, &claims());
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", encode(signature))
}

fn header_with(name: &str, value: Value) -> Value {
    let mut header = header();
    header[name] = value;
    header
}

/// Whatever the header says: the right algorithm by the right key, and by the named one.
fn signed_with(name: &str, value: Value) -> &'static str {
    verdict(&signed(&header_with(name, value), &claims()))
}

#[test]
fn alg_none_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = header_with("alg", json!(alg));
        assert_eq!(verdict(&format!("{}.", unsigned(&header, &claims()))), "token-header");
        assert_eq!(verdict(&signed(&header, &claims())), "token-header");
    }
    let header = json!({ "kid": GOOGLE.key_id() });
    assert_eq!(verdict(&format!("{}.", unsigned(&header, &claims()))), "token-header");
}

#[test]
fn no_signature_is_none_that_holds() {
    assert_eq!(verdict(&format!("{}.", unsigned(&header(), &claims()))), "signature-invalid");
}

#[test]
fn hs256_with_the_public_key_as_its_secret_is_refused() {
    let jwks = GOOGLE.jwks().unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["n"].as_str().unwrap()).unwrap();
    for secret in [modulus, jwks.to_string().into_bytes(), Vec::new()] {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let mac = |signed: &[u8]| hmac::sign(&secret, signed).as_ref().to_vec();
        assert_eq!(verdict(&token(&header_with("alg", json!("HS256")), mac)), "token-header");
        assert_eq!(verdict(&token(&header(), mac)), "signature-invalid");
    }
}

fn rsa_signed(header: &Value, padding: &'static dyn signature::RsaEncoding) -> &'static str {
    let key = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let public = key.public_key();
    let jwks = json!({ "keys": [{
        "kty": "RSA",
        "kid": GOOGLE.key_id(),
        "n": encode(public.modulus().big_endian_without_leading_zero()),
        "e": encode(public.exponent().big_endian_without_leading_zero()),
    }] });
    let token = token(header, |signed| {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(padding, &SystemRandom::new(), signed, &mut signature).unwrap();
        signature
    });
    let proof = callsign::identity::IdentityProof::google_token(&token).unwrap();
    word(callsign::identity::verify(&proof, &trust_in(&jwks), &policy(), now()))
}

#[test]
fn rs512_by_a_trusted_key_is_refused() {
    assert_eq!(rsa_signed(&header(), &signature::RSA_PKCS1_SHA256), "verified");
    let rs512 = header_with("alg", json!("RS512"));
    assert_eq!(rsa_signed(&rs512, &RSA_PKCS1_SHA512), "token-header");
    assert_eq!(rsa_signed(&header(), &RSA_PKCS1_SHA512), "signature-invalid");
}

#[test]
fn ps256_by_a_trusted_key_is_refused() {
    assert_eq!(rsa_signed(&header_with("alg", json!("PS256")), &RSA_PSS_SHA256), "token-header");
    assert_eq!(rsa_signed(&header(), &RSA_PSS_SHA256), "signature-invalid");
}

#[test]
fn es256_is_refused() {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let sign = |signed: &[u8]| key.sign(&random, signed).unwrap().as_ref().to_vec();
    assert_eq!(verdict(&token(&header_with("alg", json!("ES256")), sign)), "token-header");
    assert_eq!(verdict(&token(&header(), sign)), "signature-invalid");
}

#[test]
fn an_algorithm_in_another_spelling_is_refused() {
    for alg in [json!("rs256"), json!("RS256 "), json!(["RS256"]), json!(256), Value::Null] {
        assert_eq!(signed_with("alg", alg), "token-header");
    }
}

/// A stranger's token whose header brings the stranger's key along.
fn brings_its_own_key(name: &str, value: impl Fn(&GoogleSigner) -> Value) {
    let stranger = GoogleSigner::generate().unwrap();
    let sign = |kid: &str| {
        let mut header = header_with(name, value(&stranger));
        header["kid"] = json!(kid);
        verdict(&stranger.sign(&header.to_string(), &claims().to_string()).unwrap())
    };
    assert_eq!(sign(GOOGLE.key_id()), "signature-invalid", "{name}");
    assert_eq!(sign(stranger.key_id()), "unknown-key", "{name}");
}

#[test]
fn an_embedded_jwk_is_not_looked_at() {
    brings_its_own_key("jwk", |stranger| stranger.jwks().unwrap()["keys"][0].clone());
}

#[test]
fn a_jku_is_not_followed() {
    brings_its_own_key("jku", |_| json!("http://127.0.0.1:9/keys"));
}

#[test]
fn an_x5u_is_not_followed() {
    brings_its_own_key("x5u", |_| json!("http://127.0.0.1:9/certificate"));
}

#[test]
fn an_x5c_is_not_looked_at() {
    brings_its_own_key("x5c", |_| json!(["MAA="]));
}

#[test]
fn crit_is_refused_whatever_it_asks_for() {
    for crit in [json!(["b64"]), json!([]), json!(["exp"]), json!("exp"), Value::Null] {
        assert_eq!(signed_with("crit", crit), "token-header");
    }
    let mut header = header_with("crit", json!(["b64"]));
    header["b64"] = json!(false);
    assert_eq!(verdict(&signed(&header, &claims())), "token-header");
}

#[test]
fn a_token_of_another_type_is_refused() {
    for typ in [json!("at+jwt"), json!("jwt+x"), json!("JOSE"), json!(""), json!(["JWT"])] {
        assert_eq!(signed_with("typ", typ), "token-header");
    }
    let mut untyped = header();
    untyped.as_object_mut().unwrap().remove("typ");
    assert_eq!(verdict(&signed(&untyped, &claims())), "verified");
}

#[test]
fn an_unknown_kid_is_refused() {
    assert_eq!(
        signed_with("kid", json!("1727b6b49402b9cf95be4e8fd38aa7e7c11644b1")),
        "unknown-key"
    );
    assert_eq!(signed_with("kid", json!(GOOGLE.key_id().to_uppercase())), "unknown-key");
}

#[test]
fn a_kid_that_is_none_is_refused() {
    let mut without = header();
    without.as_object_mut().unwrap().remove("kid");
    assert_eq!(verdict(&signed(&without, &claims())), "token-header");
    for kid in [json!(""), json!(1), json!([GOOGLE.key_id()]), json!("x".repeat(129))] {
        assert_eq!(signed_with("kid", kid), "token-header");
    }
}

#[test]
fn a_header_member_that_occurs_twice_is_refused() {
    let header = header().to_string().replacen('{', r#"{"alg":"RS512","#, 1);
    let token = GOOGLE.sign(&header, &claims().to_string()).unwrap();
    assert_eq!(verdict(&token), "document-duplicate-member");
}

#[test]
fn a_token_of_two_four_or_five_parts_is_malformed() {
    let good = signed(&header(), &claims());
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    for token in [unsigned, &format!("{good}."), &format!("{good}.e30"), &format!("{good}.e30.e30")]
    {
        assert_eq!(verdict(token), "json_web_token");
    }
}

#[test]
fn the_wrong_alphabet_of_base64_is_malformed() {
    let good = signed(&header(), &claims());
    let (unsigned, signature) = good.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let standard = base64::engine::general_purpose::STANDARD.encode(bytes);
    assert_ne!(standard, signature);
    assert_eq!(verdict(&format!("{unsigned}.{standard}")), "json_web_token");
    assert_eq!(verdict(&format!("{unsigned}.{signature}=")), "json_web_token");
    assert_eq!(verdict(&format!("{unsigned}.{signature}\n{signature}")), "json_web_token");
}

#[test]
fn a_huge_token_is_malformed() {
    let padded = changed(claims(), "/azp", json!("x".repeat(16_000)));
    assert_eq!(verdict(&signed(&header(), &padded)), "json_web_token");
}

#[test]
fn a_deep_token_is_refused() {
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(2_000), "]".repeat(2_000));
    let token = GOOGLE.sign(&header().to_string(), &deep).unwrap();
    assert_eq!(verdict(&token), "document-too-deep");
    let token = GOOGLE.sign(&deep, &claims().to_string()).unwrap();
    assert_eq!(verdict(&token), "document-too-deep");
}

#[test]
fn without_a_key_set_nothing_is_decided() {
    let proof = callsign::identity::IdentityProof::google_token(&signed(&header(), &claims()));
    let proof = proof.unwrap();
    for google in [None, Some(callsign::identity::CurrentKeys::default())] {
        let trust = callsign::identity::Trust { google, ..Default::default() };
        let verdict = callsign::identity::verify(&proof, &trust, &policy(), now());
        assert_eq!(word(verdict), "keys-missing");
    }
}
