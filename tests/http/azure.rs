//! Who gets a token over HTTP on Azure, natively and by the compatible route?

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::azure::{AZURE, STRANGER, SUBSCRIPTION, VM, login, machine, machine_in};
use crate::support::broker::{Answer, TestBroker};

const LOGIN: &str = "/v1/login/azure";
const COMPAT: &str = "/api/v2/workspaceagents/azure-instance-identity";

/// A broker that knows the agents of [`VM`], registered in upper case, with these settings.
async fn broker(settings: &str) -> TestBroker {
    let id = VM.to_ascii_uppercase();
    let toml = format!(
        "{settings}\n[[resource]]\nprovider = \"azure\"\ninstance_id = \"{id}\"\nname = \"vm-7\"\n\
         account = \"{SUBSCRIPTION}\"\nagents = [{{ name = \"main\" }}, {{ name = \"dev\" }}]\n"
    );
    TestBroker::start(&toml).await
}

async fn log_in(broker: &TestBroker, agent_name: Option<&str>) -> Answer {
    let body = login(&AZURE, &machine(), broker.clock.now(), agent_name);
    broker.post(LOGIN, &body).await
}

/// The body that existing clients send: no certificates.
fn compatible(mut body: Value) -> Value {
    body.as_object_mut().unwrap().remove("certificates");
    body
}

/// Settings by which the issuing authority is trusted as well, as it is in earnest.
fn with_issuing_authority(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("both.toml");
    std::fs::write(&path, AZURE.trust_toml().unwrap()).unwrap();
    format!("[identity.azure]\ntrust = [{path:?}]\n")
}

#[actix::test]
async fn each_agent_of_a_shared_virtual_machine_gets_its_own_token() {
    let broker = broker("").await;
    for name in ["main", "dev"] {
        let answer = log_in(&broker, Some(name)).await;
        assert_eq!(answer.verdict(), "200", "{}", answer.text);
        let body = answer.json();
        assert_eq!(body["agent"]["name"], name);
        assert_eq!(body["resource"]["provider"], "azure");
        assert_eq!(body["resource"]["account"], SUBSCRIPTION);
        assert_eq!(body["resource"]["instance_id"], VM);
        let token = body["session_token"].as_str().unwrap();
        let me = broker.get_as("/v1/agents/me", token).await;
        assert_eq!(me.json()["agent"]["name"], name);
    }
}

#[actix::test]
async fn several_agents_and_no_name_is_a_conflict_that_lists_them() {
    let broker = broker("").await;
    let answer = log_in(&broker, None).await;
    assert_eq!(answer.verdict(), "409 agent-ambiguous");
    assert_eq!(answer.json()["agents"], json!(["dev", "main"]));
    assert_eq!(answer.json()["instance_id"], VM);
}

#[actix::test]
async fn a_document_without_a_path_to_the_root_is_refused() {
    let broker = broker("").await;
    let body = compatible(login(&AZURE, &machine(), broker.clock.now(), Some("main")));
    assert_eq!(broker.post(LOGIN, &body).await.verdict(), "401 identity-rejected");
}

#[actix::test]
async fn a_stranger_cannot_log_in_and_learns_nothing() {
    let broker = broker("").await;
    let body = login(&STRANGER, &machine(), broker.clock.now(), Some("main"));
    let answer = broker.post(LOGIN, &body).await;
    assert_eq!(answer.verdict(), "401 identity-rejected");
    assert!(!answer.text.contains(VM), "{}", answer.text);
}

#[actix::test]
async fn a_document_is_refused_after_its_six_hours() {
    let broker = broker("").await;
    let body = login(&AZURE, &machine(), broker.clock.now(), Some("main"));
    broker.clock.move_by(TimeDelta::hours(6) + TimeDelta::seconds(60));
    assert_eq!(broker.post(LOGIN, &body).await.verdict(), "200");
    broker.clock.move_by(TimeDelta::seconds(1));
    assert_eq!(broker.post(LOGIN, &body).await.verdict(), "401 identity-rejected");
}

#[actix::test]
async fn another_cloud_counts_where_it_is_configured() {
    let verdict = async |settings: &str, domain: &str| {
        let broker = broker(settings).await;
        let body = login(&AZURE, &machine_in(domain), broker.clock.now(), Some("main"));
        broker.post(LOGIN, &body).await.verdict()
    };
    let all = "[identity.azure]\nclouds = [\"usgovernment\", \"china\"]";
    for domain in ["metadata.azure.us", "metadata.azure.cn"] {
        assert_eq!(verdict("", domain).await, "401 identity-rejected");
        assert_eq!(verdict(all, domain).await, "200");
    }
    assert_eq!(verdict(all, "metadata.azure.com").await, "401 identity-rejected");
    assert_eq!(verdict("", "metadata.azure.com.example.net").await, "401 identity-rejected");
}

#[actix::test]
async fn a_subscription_that_is_not_listed_is_not_allowed_once_it_is_proven() {
    let other = "[identity.azure]\nsubscriptions = [\"00000000-0000-0000-0000-000000000001\"]";
    let broker = broker(other).await;
    let answer = log_in(&broker, Some("main")).await;
    assert_eq!(answer.verdict(), "403 not-allowed");
    assert!(answer.text.contains("listed subscriptions only"), "{}", answer.text);
    let forged = login(&STRANGER, &machine(), broker.clock.now(), Some("main"));
    assert_eq!(broker.post(LOGIN, &forged).await.verdict(), "401 identity-rejected");
}

#[actix::test]
async fn a_listed_subscription_is_let_in_in_either_case() {
    let listed = SUBSCRIPTION.to_ascii_uppercase();
    let broker = broker(&format!("[identity.azure]\nsubscriptions = [{listed:?}]")).await;
    assert_eq!(log_in(&broker, Some("main")).await.verdict(), "200");
}

#[actix::test]
async fn a_machine_of_another_subscription_than_registered_is_unknown() {
    let broker = broker("").await;
    let mut machine = machine();
    machine.subscription_id = "00000000-0000-0000-0000-000000000001".to_owned();
    let body = login(&AZURE, &machine, broker.clock.now(), Some("main"));
    assert_eq!(broker.post(LOGIN, &body).await.verdict(), "404 instance-unknown");
}

#[actix::test]
async fn the_member_to_blame_is_named() {
    let broker = broker("").await;
    let good = login(&AZURE, &machine(), broker.clock.now(), Some("main"));
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let seven = json!(vec!["AAAA"; 7]);
    for (field, body) in [
        ("signature", json!({ "encoding": "pkcs7" })),
        ("signature", with("signature", json!(""))),
        ("signature", with("signature", json!("?"))),
        ("signature", with("signature", json!(7))),
        ("encoding", with("encoding", json!("der"))),
        ("certificates", with("certificates", json!(["?"]))),
        ("certificates", with("certificates", seven)),
        ("certificates", with("certificates", json!(["A".repeat(9_000)]))),
        ("document", with("document", json!("x"))),
    ] {
        let answer = broker.post(LOGIN, &body).await;
        assert_eq!(answer.verdict(), "400 malformed-request", "{field}: {}", answer.text);
        assert_eq!(answer.json()["field"], field, "{}", answer.text);
    }
}

#[actix::test]
async fn an_existing_client_gets_a_session_token_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(&with_issuing_authority(&folder)).await;
    let body = compatible(login(&AZURE, &machine(), broker.clock.now(), Some("dev")));
    let answer = broker.post(COMPAT, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let token = answer.json()["session_token"].as_str().unwrap().to_owned();
    assert_eq!(answer.text, format!("{{\"session_token\":\"{token}\"}}"));
}

#[actix::test]
async fn an_existing_client_is_told_in_words_that_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(&with_issuing_authority(&folder)).await;
    let now = broker.clock.now();
    let told = async |body: Value| {
        let answer = broker.post(COMPAT, &body).await;
        (answer.status, answer.json()["message"].as_str().unwrap().to_owned())
    };
    let forged = compatible(login(&STRANGER, &machine(), now, None));
    assert_eq!(told(forged).await, (401, "Invalid Azure identity.".to_owned()));
    let unnamed = compatible(login(&AZURE, &machine(), now, None));
    let names = format!(
        "Multiple agents found with instance ID \"{VM}\". Set CODER_AGENT_NAME to one of: dev, main"
    );
    assert_eq!(told(unnamed).await, (409, names));
    assert_eq!(told(json!({ "signature": "AAAA" })).await, (400, "Validation failed.".to_owned()));
}
