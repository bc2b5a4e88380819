//! Who gets a token over HTTP, and what is everybody else told?

use crate::support::broker::{TestBroker, resource};
use crate::support::machine::{AwsMachine, STRANGER};
use serde_json::json;

const MACHINE: &str = "i-0123456789abcdef0";

#[actix::test]
async fn each_agent_of_a_shared_machine_gets_its_own_token() {
    let broker = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
    let machine = AwsMachine::new(MACHINE);
    for name in ["main", "dev"] {
        let token = broker.token(&machine, Some(name)).await;
        let me = broker.get_as("/v1/agents/me", &token).await;
        assert_eq!(me.json()["agent"]["name"], name);
        assert_eq!(me.json()["resource"]["instance_id"], MACHINE);
    }
}

#[actix::test]
async fn several_agents_and_no_name_is_a_conflict_that_lists_names_that_succeed() {
    let broker = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
    let machine = AwsMachine::new(MACHINE);
    let conflict = broker.post("/v1/login/aws", &machine.login(broker.clock.now(), None)).await;
    assert_eq!(conflict.verdict(), "409 agent-ambiguous");
    assert_eq!(conflict.json()["agents"], json!(["dev", "main"]));
    assert_eq!(conflict.json()["instance_id"], MACHINE);
    for name in ["dev", "main"] {
        broker.token(&machine, Some(name)).await;
    }
}

#[actix::test]
async fn a_forged_document_is_refused_and_learns_nothing() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let forged = AwsMachine::new(MACHINE).pkcs7_by(&STRANGER, broker.clock.now());
    let answer = broker.post("/v1/login/aws", &json!({ "pkcs7": forged })).await;
    assert_eq!(answer.verdict(), "401 identity-rejected");
    assert!(!answer.text.contains(MACHINE), "{}", answer.text);
}
