//! Do existing agent clients get, byte for byte, what they know?

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::broker::{Answer, TestBroker, resource, send};
use crate::support::machine::AwsMachine;

const MACHINE: &str = "i-0123456789abcdef0";
const ROUTE: &str = "/api/v2/workspaceagents/aws-instance-identity";

async fn broker(agents: &[&str]) -> TestBroker {
    TestBroker::start(&resource(MACHINE, agents)).await
}

fn body(broker: &TestBroker, machine: &AwsMachine, agent_name: Option<&str>) -> Value {
    let (document, signature) = machine.document(broker.clock.now());
    let mut body = json!({ "signature": signature, "document": document });
    if let Some(name) = agent_name {
        body["agent_name"] = json!(name);
    }
    body
}

async fn log_in(broker: &TestBroker, agent_name: Option<&str>) -> Answer {
    broker.post(ROUTE, &body(broker, &AwsMachine::new(MACHINE), agent_name)).await
}

#[track_caller]
fn assert_told(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    assert_eq!(body["message"], message);
    for member in body.as_object().unwrap().keys() {
        assert!(["message", "detail", "validations"].contains(&member.as_str()), "{body}");
    }
    assert!(answer.text.starts_with("{\"message\":"), "{}", answer.text);
}

#[actix::test]
async fn a_session_token_is_the_whole_answer() {
    let broker = broker(&["main", "dev"]).await;
    let answer = log_in(&broker, Some("dev")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let token = answer.json()["session_token"].as_str().unwrap().to_owned();
    assert_eq!(answer.text, format!("{{\"session_token\":\"{token}\"}}"));
    let me = broker.get_as("/v1/agents/me", &token).await;
    assert_eq!(me.json()["agent"]["name"], "dev");
}

#[actix::test]
async fn the_content_type_is_not_checked_and_unknown_members_are_ignored() {
    let broker = broker(&["main"]).await;
    let mut login = body(&broker, &AwsMachine::new(MACHINE), None);
    login["pkcs7"] = json!("AAAA");
    login["anything"] = json!({ "nested": [1, 2] });
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let answer = broker.post_bytes(ROUTE, content_type, login.to_string()).await;
        assert_eq!(answer.status, 200, "{content_type:?}: {}", answer.text);
    }
}

#[actix::test]
async fn a_signature_may_hold_line_breaks_and_a_name_is_trimmed() {
    let broker = broker(&["main", "dev"]).await;
    let mut login = body(&broker, &AwsMachine::new(MACHINE), Some(" dev\n"));
    let signature = login["signature"].as_str().unwrap().replace('\n', "");
    let (head, tail) = signature.split_at(64);
    login["signature"] = json!(format!("{head}\n{tail}\n"));
    assert_eq!(broker.post(ROUTE, &login).await.status, 200);
}

#[actix::test]
async fn a_forged_identity_is_invalid() {
    let broker = broker(&["main"]).await;
    let mut login = body(&broker, &AwsMachine::new(MACHINE), None);
    login["document"] = json!(login["document"].as_str().unwrap().replace(MACHINE, "i-other"));
    assert_told(&broker.post(ROUTE, &login).await, 401, "Invalid AWS identity.");
}

#[actix::test]
async fn an_unknown_machine_is_not_found_and_a_retired_one_neither() {
    let broker = broker(&["main"]).await;
    let unknown = body(&broker, &AwsMachine::new("i-other"), None);
    let message = "Instance with id \"i-other\" not found.";
    assert_told(&broker.post(ROUTE, &unknown).await, 404, message);
    broker.reload("").await;
    let message = format!("Instance with id \"{MACHINE}\" not found.");
    assert_told(&log_in(&broker, None).await, 404, &message);
}

#[actix::test]
async fn an_unknown_agent_is_named_with_its_machine() {
    let broker = broker(&["main"]).await;
    let message = format!("No agent found with instance ID \"{MACHINE}\" and name \"ghost\".");
    assert_told(&log_in(&broker, Some("ghost")).await, 404, &message);
}

#[actix::test]
async fn several_agents_are_listed_sorted() {
    let broker = broker(&["beta", "alpha", "Zeta"]).await;
    let message = format!(
        "Multiple agents found with instance ID \"{MACHINE}\". Set CODER_AGENT_NAME to one of: \
         Zeta, alpha, beta"
    );
    assert_told(&log_in(&broker, None).await, 409, &message);
    assert_told(&log_in(&broker, Some("  ")).await, 409, &message);
}

#[actix::test]
async fn what_is_no_json_is_told_so() {
    let broker = broker(&["main"]).await;
    for text in ["", "{", "nonsense", "{\"signature\": 5}", "[]"] {
        let answer = broker.post_bytes(ROUTE, None, text).await;
        assert_told(&answer, 400, "Request body must be valid JSON.");
        assert!(answer.json()["validations"].is_null(), "{}", answer.text);
    }
}

#[actix::test]
async fn every_missing_member_is_named() {
    let broker = broker(&["main"]).await;
    for (text, missing) in [
        ("{}", &["signature", "document"][..]),
        (r#"{"signature": null, "document": ""}"#, &["signature", "document"]),
        (r#"{"signature": "AAAA"}"#, &["document"]),
        (r#"{"document": "{}"}"#, &["signature"]),
    ] {
        let answer = broker.post_bytes(ROUTE, None, text).await;
        assert_told(&answer, 400, "Validation failed.");
        let expected: Vec<Value> = missing
            .iter()
            .map(|field| {
                let detail = "Validation failed for tag \"required\" with value: \"\"";
                json!({ "field": field, "detail": detail })
            })
            .collect();
        assert_eq!(answer.json()["validations"], json!(expected), "{text}");
    }
}

#[actix::test]
async fn a_signature_that_is_no_base64_is_a_failed_validation() {
    let broker = broker(&["main"]).await;
    let answer = broker.post(ROUTE, &json!({ "signature": "%", "document": "{}" })).await;
    assert_told(&answer, 400, "Validation failed.");
    assert_eq!(answer.json()["validations"][0]["field"], "signature");
}

#[actix::test]
async fn a_body_of_more_than_sixty_four_kibibytes_is_too_large() {
    let broker = broker(&["main"]).await;
    let answer = broker.post_bytes(ROUTE, None, " ".repeat(64 * 1024 + 1)).await;
    assert_told(&answer, 413, "The body is too large.");
}

#[actix::test]
async fn a_provider_that_is_switched_off_and_a_wrong_method_are_told_in_json() {
    let broker = TestBroker::start("[identity.aws]\nenabled = false\n").await;
    let answer = broker.post(ROUTE, &json!({})).await;
    assert_told(&answer, 404, "This provider is not enabled here.");
    let wrong = send(broker.request(Method::GET, ROUTE)).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
}
