//! Does any token speak for an agent that the broker did not make for it?

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::session::assert_rejected;
use crate::support::broker::{OPERATOR, TestBroker, resource, send};
use crate::support::machine::AwsMachine;

const MACHINE: &str = "i-0123456789abcdef0";
const ME: &str = "/v1/agents/me";

/// A broker, and a genuine token of it, taken apart.
struct Target {
    broker: TestBroker,
    token: String,
    header: Value,
    claims: Value,
    signature: String,
}

impl Target {
    async fn new() -> Self {
        let broker = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
        let token = broker.token(&AwsMachine::new(MACHINE), Some("main")).await;
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let read = |part: &str| {
            let json = URL_SAFE_NO_PAD.decode(part).unwrap();
            serde_json::from_slice(&json).unwrap()
        };
        let (header, claims, signature) = (read(header), read(claims), signature.to_owned());
        Self { broker, token, header, claims, signature }
    }

    async fn assert_rejected(&self, token: &str) {
        assert_rejected(&self.broker.get_as(ME, token).await);
    }

    /// The header with this member changed, added, or (null) taken out.
    fn header_with(&self, name: &str, value: Value) -> Value {
        let mut header = self.header.clone();
        match value {
            Value::Null => header.as_object_mut().unwrap().remove(name),
            value => header.as_object_mut().unwrap().insert(name.to_owned(), value),
        };
        header
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn attackers_key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn signed_by_attacker(header: &Value, claims: &Value) -> String {
    let text = unsigned(header, claims);
    let signature: Signature = attackers_key().sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

#[actix::test]
async fn a_token_without_algorithm_is_rejected() {
    let target = Target::new().await;
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let text = unsigned(&target.header_with("alg", json!(alg)), &target.claims);
        target.assert_rejected(&format!("{text}.")).await;
        target.assert_rejected(&format!("{text}.{}", target.signature)).await;
    }
}

#[actix::test]
async fn the_public_key_is_no_shared_secret() {
    let target = Target::new().await;
    let keys = target.broker.get("/.well-known/jwks.json").await;
    let jwk = &keys.json()["keys"][0];
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let public = p256::PublicKey::from_sec1_bytes(&point).unwrap();
    let pem = public.to_public_key_pem(Default::default()).unwrap();
    let der = public.to_public_key_der().unwrap();
    for secret in [point.as_slice(), pem.as_bytes(), der.as_bytes(), keys.text.as_bytes(), b""] {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = jwk["kid"].as_str().map(str::to_owned);
        let secret = jsonwebtoken::EncodingKey::from_secret(secret);
        let forged = jsonwebtoken::encode(&header, &target.claims, &secret).unwrap();
        target.assert_rejected(&forged).await;
    }
}

#[actix::test]
async fn a_key_that_the_token_itself_brings_is_not_believed() {
    let target = Target::new().await;
    let point = attackers_key().verifying_key().to_sec1_point(false);
    let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "kid": target.header["kid"],
        "x": coordinate(point.x().unwrap()), "y": coordinate(point.y().unwrap()),
    });
    for (name, value) in [
        ("jwk", jwk.clone()),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/certificate")),
        ("x5c", json!([STANDARD.encode("certificate")])),
        ("kid", json!(jwk.to_string())),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!([target.header["kid"]])),
        ("kid", Value::Null),
    ] {
        let header = target.header_with(name, value);
        target.assert_rejected(&signed_by_attacker(&header, &target.claims)).await;
    }
}

#[actix::test]
async fn a_signature_holds_for_its_own_header_and_claims_only() {
    let target = Target::new().await;
    let neighbour = target.broker.token(&AwsMachine::new(MACHINE), Some("dev")).await;
    let (_, other) = neighbour.rsplit_once('.').unwrap();
    let (signed, _) = target.token.rsplit_once('.').unwrap();
    target.assert_rejected(&format!("{signed}.{other}")).await;
    for (name, value) in [
        ("agent_name", json!("dev")),
        ("exp", json!(9_999_999_999_i64)),
        ("jti", json!("01890000-0000-7000-8000-000000000000")),
        ("iss", json!("https://elsewhere.example")),
    ] {
        let mut claims = target.claims.clone();
        claims[name] = value;
        let text = unsigned(&target.header, &claims);
        target.assert_rejected(&format!("{text}.{}", target.signature)).await;
    }
    for (name, value) in [("typ", json!("JWT")), ("typ", Value::Null), ("crit", json!(["x"]))] {
        let text = unsigned(&target.header_with(name, value), &target.claims);
        target.assert_rejected(&format!("{text}.{}", target.signature)).await;
    }
}

#[actix::test]
async fn a_signature_of_another_form_is_rejected() {
    let target = Target::new().await;
    let (signed, signature) = target.token.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let der = Signature::from_slice(&raw).unwrap().to_der();
    for other in [
        URL_SAFE_NO_PAD.encode(der.as_bytes()),
        URL_SAFE_NO_PAD.encode(&raw[..63]),
        URL_SAFE_NO_PAD.encode([raw.as_slice(), &[0]].concat()),
        URL_SAFE_NO_PAD.encode([0; 64]),
        format!("{signature}=="),
        STANDARD.encode([0xff; 64]),
        String::new(),
    ] {
        target.assert_rejected(&format!("{signed}.{other}")).await;
    }
}

#[actix::test]
async fn what_is_no_token_is_rejected_and_breaks_nothing() {
    let target = Target::new().await;
    let token = &target.token;
    let long = "A".repeat(9000);
    for other in [
        ".",
        "..",
        "...",
        "a.b.c",
        "é",
        "{}",
        "null",
        &*token.replacen('.', "", 1),
        &*format!("{token}."),
        &*format!(".{token}"),
        &*format!("{token}.{token}"),
        &*format!("{token},{token}"),
        &*long,
        &*format!("{long}.{long}.{long}"),
    ] {
        let request = target.broker.request(Method::GET, ME);
        let value = [b"Bearer ", other.as_bytes()].concat();
        let value = reqwest::header::HeaderValue::from_bytes(&value).unwrap();
        let answer = send(request.header("authorization", value)).await;
        assert_eq!(answer.verdict(), "401 token-rejected", "{other:.40}");
    }
    assert_eq!(target.broker.get_as(ME, token).await.status, 200);
}

#[actix::test]
async fn a_token_of_another_broker_or_issuer_is_rejected() {
    let target = Target::new().await;
    let other = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let foreign = other.token(&AwsMachine::new(MACHINE), Some("main")).await;
    target.assert_rejected(&foreign).await;

    let token = target.token.clone();
    let (folder, clock) = target.broker.stop().await;
    let renamed = "[token]\nissuer = \"https://renamed.example\"\n";
    let toml = resource(MACHINE, &["main", "dev"]) + renamed;
    let broker = TestBroker::start_in(folder, clock, &toml).await;
    assert_rejected(&broker.get_as(ME, &token).await);
}

#[actix::test]
async fn an_operators_token_or_a_proof_is_no_session_token() {
    let target = Target::new().await;
    target.assert_rejected(OPERATOR).await;
    let proof = AwsMachine::new(MACHINE).pkcs7(target.broker.clock.now()).replace('\n', "");
    target.assert_rejected(&proof).await;
}

#[actix::test]
async fn a_token_in_the_query_is_not_looked_at() {
    let target = Target::new().await;
    let answer = target.broker.get(&format!("{ME}?access_token={}", target.token)).await;
    assert_eq!(answer.verdict(), "401 token-rejected");
}

#[actix::test]
async fn a_token_that_is_not_on_record_is_rejected() {
    use sea_orm::ConnectionTrait as _;
    let target = Target::new().await;
    let sql = target.broker.sql().await;
    sql.execute_unprepared("DELETE FROM issued_token").await.unwrap();
    target.assert_rejected(&target.token).await;
}

/// As retention leaves it: the record of a token refers to no row that must be there.
#[actix::test]
async fn a_token_whose_agent_is_gone_is_rejected() {
    use sea_orm::ConnectionTrait as _;
    let target = Target::new().await;
    let sql = target.broker.sql().await;
    sql.execute_unprepared("DELETE FROM agent").await.unwrap();
    target.assert_rejected(&target.token).await;
}
