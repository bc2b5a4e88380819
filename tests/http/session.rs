//! What does a session token say, who can check it, and what is its bearer told?

use chrono::TimeDelta;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, decode, decode_header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::broker::{Answer, TestBroker, resource, send};
use crate::support::machine::{ACCOUNT, AwsMachine, REGION};

const MACHINE: &str = "i-0123456789abcdef0";
const ME: &str = "/v1/agents/me";
const HEARTBEAT: &str = "/v1/agents/me/heartbeat";
const ISSUER: &str = "http://127.0.0.1:7480";

async fn broker() -> TestBroker {
    TestBroker::start(&resource(MACHINE, &["main", "dev"])).await
}

async fn token(broker: &TestBroker) -> String {
    broker.token(&AwsMachine::new(MACHINE), Some("main")).await
}

/// Reads a token as a service that accepts it would: by the published keys, and by a library that
/// shares no code with the broker.
pub(crate) async fn read(broker: &TestBroker, token: &str, audience: &str) -> TokenData<Value> {
    let keys = broker.get("/.well-known/jwks.json").await;
    let keys: JwkSet = serde_json::from_str(&keys.text).unwrap();
    let key = keys.find(&decode_header(token).unwrap().kid.unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[ISSUER]);
    // It would go by this machine's clock.
    validation.validate_exp = false;
    let read: TokenData<Value> =
        decode(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap();
    assert!(read.claims["exp"].as_i64() > Some(broker.clock.now().timestamp()));
    read
}

#[track_caller]
pub(super) fn assert_rejected(answer: &Answer) {
    answer.assert_problem("401 token-rejected", &[]);
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, Some(r#"Bearer realm="callsign", error="invalid_token""#));
}

#[actix::test]
async fn a_token_says_what_the_contract_lists_to_an_independent_reader() {
    let broker = broker().await;
    let login = broker.log_in(&AwsMachine::new(MACHINE), Some("main")).await.json();
    let token = login["session_token"].as_str().unwrap();
    let TokenData { claims, .. } = read(&broker, token, "callsign").await;
    let jti: uuid::Uuid = claims["jti"].as_str().unwrap().parse().unwrap();
    assert_eq!(jti.get_version_num(), 7);
    let now = broker.clock.now().timestamp();
    let expected = json!({
        "iss": ISSUER,
        "aud": ["callsign"],
        "sub": login["agent"]["id"],
        "client_id": login["agent"]["id"],
        "iat": now,
        "exp": now + 3600,
        "jti": jti,
        "agent_name": "main",
        "resource": {"id": login["resource"]["id"], "name": "machine"},
        "instance":
            {"provider": "aws", "account": ACCOUNT, "region": REGION, "instance_id": MACHINE},
        "amr": ["aws:rsa2048"],
    });
    assert_eq!(claims, expected);
}

#[actix::test]
async fn a_tokens_header_is_that_of_an_access_token_and_no_more() {
    use base64::Engine as _;
    let broker = broker().await;
    let token = token(&broker).await;
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let keys = broker.get("/.well-known/jwks.json").await.json();
    let kid = &keys["keys"][0]["kid"];
    assert_eq!(header, json!({"alg": "ES256", "typ": "at+jwt", "kid": kid}));
}

#[actix::test]
async fn the_kind_of_proof_lifetime_and_audience_go_into_the_token() {
    let toml = "[token]\nlifetime = \"15m\"\naudience = [\"one\", \"two\"]\n";
    let broker = TestBroker::start(&(resource(MACHINE, &["main"]) + toml)).await;
    let (document, signature) = AwsMachine::new(MACHINE).document(broker.clock.now());
    let body = json!({ "document": document, "signature": signature });
    let answer = broker.post("/v1/login/aws", &body).await.json();
    assert_eq!(answer["expires_in"], 900);
    let claims = read(&broker, answer["session_token"].as_str().unwrap(), "two").await.claims;
    assert_eq!(claims["amr"], json!(["aws:rsa1024"]));
    assert_eq!(claims["aud"], json!(["one", "two"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
}

#[actix::test]
async fn the_key_set_holds_public_keys_and_nothing_private() {
    let broker = broker().await;
    let answer = broker.get("/.well-known/jwks.json").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("cache-control").unwrap().contains("max-age"));
    let body = answer.json();
    let [key] = body["keys"].as_array().unwrap().as_slice() else { panic!("{body}") };
    let mut members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!(
        [&key["kty"], &key["crv"], &key["alg"], &key["use"]],
        ["EC", "P-256", "ES256", "sig"]
    );
}

#[actix::test]
async fn both_discovery_documents_name_the_issuer_and_its_keys() {
    let issuer = "https://callsign.example/tenant";
    let toml = "http.public_url = \"https://callsign.example\"\n";
    let broker = TestBroker::start(&format!("{toml}token.issuer = {issuer:?}\n")).await;
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let answer = broker.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        let body = answer.json();
        assert_eq!(body["issuer"], issuer);
        assert_eq!(body["jwks_uri"], "https://callsign.example/.well-known/jwks.json");
        assert!(body["response_types_supported"].is_array(), "{body}");
    }
    let openid = broker.get("/.well-known/openid-configuration").await.json();
    assert_eq!(openid["id_token_signing_alg_values_supported"], json!(["ES256"]));
    assert_eq!(openid["subject_types_supported"], json!(["public"]));
}

#[actix::test]
async fn keys_and_tokens_outlive_a_restart() {
    let broker = broker().await;
    let token = token(&broker).await;
    let keys = broker.get("/.well-known/jwks.json").await.text;
    let (folder, clock) = broker.stop().await;
    let broker = TestBroker::start_in(folder, clock, &resource(MACHINE, &["main", "dev"])).await;
    assert_eq!(broker.get("/.well-known/jwks.json").await.text, keys);
    assert_eq!(broker.get_as(ME, &token).await.status, 200);
}

#[actix::test]
async fn the_bearer_learns_who_it_is() {
    let broker = broker().await;
    let login = broker.log_in(&AwsMachine::new(MACHINE), Some("main")).await.json();
    let answer = broker.get_as(ME, login["session_token"].as_str().unwrap()).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let expected = json!({
        "agent":
            {"id": login["agent"]["id"], "name": "main", "connected": false, "last_seen_at": null},
        "resource": login["resource"],
        "expires_at": login["expires_at"],
    });
    assert_eq!(answer.json(), expected);
}

#[actix::test]
async fn a_heartbeat_connects_its_agent_for_ninety_seconds_and_no_other() {
    let broker = broker().await;
    let token = token(&broker).await;
    let neighbour = broker.token(&AwsMachine::new(MACHINE), Some("dev")).await;
    let beat = send(broker.request(Method::POST, HEARTBEAT).bearer_auth(&token)).await;
    assert_eq!((beat.status, beat.text.as_str()), (204, ""));
    let agent = async |token: &str| broker.get_as(ME, token).await.json()["agent"].clone();
    assert_eq!(agent(&token).await["last_seen_at"], "2027-01-15T08:00:00Z");
    assert_eq!(agent(&neighbour).await["connected"], false);
    for (seconds, connected) in [(0, true), (89, true), (1, false), (100, false)] {
        broker.clock.move_by(TimeDelta::seconds(seconds));
        assert_eq!(agent(&token).await["connected"], connected, "after {seconds} s more");
    }
    send(broker.request(Method::POST, HEARTBEAT).bearer_auth(&token)).await;
    assert_eq!(agent(&token).await["connected"], true);
}

#[actix::test]
async fn an_expired_token_is_rejected_from_its_last_second_on() {
    let broker = broker().await;
    let token = token(&broker).await;
    broker.clock.move_by(TimeDelta::seconds(3599));
    assert_eq!(broker.get_as(ME, &token).await.status, 200);
    broker.clock.move_by(TimeDelta::seconds(1));
    assert_rejected(&broker.get_as(ME, &token).await);
    assert_rejected(&send(broker.request(Method::POST, HEARTBEAT).bearer_auth(&token)).await);
}

#[actix::test]
async fn a_token_ends_with_its_agent_and_its_neighbours_does_not() {
    let broker = broker().await;
    let machine = AwsMachine::new(MACHINE);
    let (main, dev) = (token(&broker).await, broker.token(&machine, Some("dev")).await);
    broker.reload(&resource(MACHINE, &["dev"])).await;
    assert_rejected(&broker.get_as(ME, &main).await);
    assert_eq!(broker.get_as(ME, &dev).await.status, 200);
    // An agent of the same name that is registered later is another one.
    broker.reload(&resource(MACHINE, &["main", "dev"])).await;
    assert_rejected(&broker.get_as(ME, &main).await);
}

#[actix::test]
async fn a_token_ends_with_its_machine_and_with_its_generation() {
    let broker = broker().await;
    let first = token(&broker).await;
    let next = |number| {
        let generation = format!("name = \"machine\"\ngeneration = \"{number}\"");
        resource(MACHINE, &["main"]).replace("name = \"machine\"", &generation)
    };
    broker.reload(&next(2)).await;
    assert_rejected(&broker.get_as(ME, &first).await);
    let second = token(&broker).await;
    assert_eq!(broker.get_as(ME, &second).await.status, 200);
    broker.reload("").await;
    assert_rejected(&broker.get_as(ME, &second).await);
}

#[actix::test]
async fn without_a_token_the_challenge_blames_none() {
    let broker = broker().await;
    for given in [None, Some("Basic YTpi"), Some("Bearer"), Some("Bearer "), Some("garbage")] {
        let mut request = broker.request(Method::GET, ME);
        if let Some(given) = given {
            request = request.header("authorization", given);
        }
        let answer = send(request).await;
        answer.assert_problem("401 token-rejected", &[]);
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="callsign""#));
    }
}

#[actix::test]
async fn the_scheme_is_read_in_any_case() {
    let broker = broker().await;
    let token = token(&broker).await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = broker.request(Method::GET, ME);
        let answer = send(request.header("authorization", format!("{scheme} {token}"))).await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
}
