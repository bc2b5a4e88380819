//! Which bodies are taken, and which are refused before anything in them is believed?

use crate::support::broker::{Answer, TestBroker, resource};
use crate::support::machine::AwsMachine;
use crate::support::raw;
use serde_json::{Value, json};

const MACHINE: &str = "i-0123456789abcdef0";
const LOGIN: &str = "/v1/login/aws";
const JSON: Option<&str> = Some("application/json");
const LIMIT: usize = 64 * 1024;

async fn broker() -> TestBroker {
    TestBroker::start(&resource(MACHINE, &["main"])).await
}

/// A good login as text.
fn good(broker: &TestBroker) -> String {
    AwsMachine::new(MACHINE).login(broker.clock.now(), None).to_string()
}

/// A good login, padded with white space to this many bytes.
fn padded(broker: &TestBroker, length: usize) -> String {
    let mut body = good(broker);
    body.push_str(&" ".repeat(length - body.len()));
    body
}

async fn send(broker: &TestBroker, body: impl Into<reqwest::Body>) -> Answer {
    broker.post_bytes(LOGIN, JSON, body).await
}

#[actix::test]
async fn sixty_four_kibibytes_are_taken_and_one_byte_more_is_not() {
    let broker = broker().await;
    let fits = send(&broker, padded(&broker, LIMIT)).await;
    assert_eq!(fits.status, 200, "{}", fits.text);
    let larger = send(&broker, padded(&broker, LIMIT + 1)).await;
    larger.assert_problem("413 body-too-large", &[]);
}

#[actix::test]
async fn a_body_of_unannounced_length_is_held_to_the_same_limit() {
    let broker = broker().await;
    for (length, status) in [(LIMIT, "200"), (LIMIT + 1, "413")] {
        let request = raw::chunked(LOGIN, &padded(&broker, length));
        let answer = raw::exchange(broker.service.address(), &request).await;
        assert_eq!(raw::status(&answer), status, "{answer}");
    }
}

#[actix::test]
async fn json_is_told_by_its_content_type_in_any_case_with_any_parameter() {
    let broker = broker().await;
    for good_type in ["application/json", "Application/JSON", "application/json; charset=utf-8"] {
        let answer = broker.post_bytes(LOGIN, Some(good_type), good(&broker)).await;
        assert_eq!(answer.status, 200, "{good_type}: {}", answer.text);
    }
    for other in [None, Some(""), Some("text/plain"), Some("application/jsonx"), Some("a")] {
        let answer = broker.post_bytes(LOGIN, other, good(&broker)).await;
        answer.assert_problem("415 unsupported-media-type", &[]);
    }
}

#[actix::test]
async fn what_is_no_json_object_of_the_right_form_is_malformed() {
    let broker = broker().await;
    let deep = format!("{{\"pkcs7\": {}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let deeper = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let two = format!("{0} {0}", good(&broker));
    for (body, field) in [
        ("", None),
        ("{", None),
        ("null", None),
        ("[]", None),
        ("\"pkcs7\"", None),
        ("{\"pkcs7\": \"AAAA\",}", None),
        (two.as_str(), None),
        (deeper.as_str(), None),
        ("\u{feff}{}", None),
        ("{}", Some("pkcs7")),
        (r#"{"pkcs7": 5}"#, Some("pkcs7")),
        (r#"{"pkcs7": null}"#, Some("pkcs7")),
        (deep.as_str(), Some("pkcs7")),
        (r#"{"pkcs7": ["AAAA"]}"#, Some("pkcs7")),
        (r#"{"pkcs7": ""}"#, Some("pkcs7")),
        (r#"{"pkcs7": "not base64!"}"#, Some("pkcs7")),
        (r#"{"pkcs7": "AAAA", "agent_name": 7}"#, Some("agent_name")),
        (r#"{"pkcs7": "AAAA", "agent": "main"}"#, Some("agent")),
        (r#"{"pkcs7": "AAAA", "pkcs7": "AAAA"}"#, Some("pkcs7")),
        (r#"{"pkcs7": "AAAA", "agent_name": "a", "agent_name": "b"}"#, Some("agent_name")),
        (r#"{"document": "{}"}"#, Some("signature")),
        (r#"{"signature": "AAAA"}"#, Some("document")),
        (r#"{"document": "{}", "signature": "%"}"#, Some("signature")),
        (r#"{"document": "", "signature": "AAAA"}"#, Some("document")),
        (r#"{"pkcs7": "AAAA", "document": "{}", "signature": "AAAA"}"#, None),
        (r#"{"pkcs7": "AAAA", "signature": "AAAA"}"#, None),
    ] {
        let answer = send(&broker, body.to_owned()).await;
        let shown: String = body.chars().take(60).collect();
        let members: &[&str] = if field.is_some() { &["field"] } else { &[] };
        assert_eq!(answer.verdict(), "400 malformed-request", "{shown}");
        assert_eq!(answer.json()["field"].as_str(), field, "{shown}");
        answer.assert_problem("400 malformed-request", members);
    }
    let not_utf8 = send(&broker, b"{\"pkcs7\": \"\xff\"}".to_vec()).await;
    assert_eq!(not_utf8.status, 400);
}

#[actix::test]
async fn a_name_of_an_unknown_member_is_not_given_back_at_length() {
    let broker = broker().await;
    let name = "x".repeat(60_000);
    let answer = send(&broker, format!("{{{name:?}: 1}}")).await;
    assert_eq!(answer.verdict(), "400 malformed-request");
    assert!(answer.text.len() < 1024, "{} bytes", answer.text.len());
}

#[actix::test]
async fn a_blank_name_is_not_given_and_a_name_is_trimmed() {
    let broker = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
    let machine = AwsMachine::new(MACHINE);
    for blank in ["", " ", "\t\n  ", "\u{2003}"] {
        let answer = broker.log_in(&machine, Some(blank)).await;
        assert_eq!(answer.verdict(), "409 agent-ambiguous", "{blank:?}");
    }
    let mut null = machine.login(broker.clock.now(), None);
    null["agent_name"] = Value::Null;
    assert_eq!(broker.post(LOGIN, &null).await.verdict(), "409 agent-ambiguous");
    let trimmed = broker.log_in(&machine, Some("  dev\t\n")).await;
    assert_eq!(trimmed.json()["agent"]["name"], "dev");
}

#[actix::test]
async fn base64_comes_with_line_breaks_or_armour_as_the_metadata_service_gives_it() {
    let broker = broker().await;
    let machine = AwsMachine::new(MACHINE);
    let pkcs7 = machine.pkcs7(broker.clock.now()).replace('\n', "");
    let wrap = |width: usize, end: &str| {
        let lines: Vec<&str> =
            pkcs7.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
        lines.join(end)
    };
    let armoured = format!("-----BEGIN PKCS7-----\n{}\n-----END PKCS7-----\n", wrap(64, "\n"));
    for text in [wrap(64, "\n"), wrap(76, "\r\n"), pkcs7.clone(), armoured] {
        let answer = broker.post(LOGIN, &json!({ "pkcs7": text })).await;
        assert_eq!(answer.status, 200, "{text}\n{}", answer.text);
    }
}
