//! Is a machine that storms told to wait, and is nobody else?

use crate::support::broker::{Answer, TestBroker, resource};
use crate::support::machine::AwsMachine;
use crate::support::patience::metrics_with;
use serde_json::{Value, json};

const STORMING: &str = "i-0aaaaaaaaaaaaaaaa";
const CALM: &str = "i-0bbbbbbbbbbbbbbbb";

/// Two at once, then one a second: a storm of many outruns it on any machine.
async fn broker() -> TestBroker {
    let limits = "limits.instance_rate = 1\nlimits.instance_burst = 2\n";
    let machines = resource(STORMING, &["main"]) + &resource(CALM, &["main", "dev"]);
    TestBroker::start(&format!("{limits}{machines}")).await
}

async fn storm(broker: &TestBroker, path: &str, body: &Value) -> Answer {
    for _ in 0..1_000 {
        let answer = broker.post(path, body).await;
        if answer.status == 429 {
            return answer;
        }
    }
    panic!("a thousand logins and never a limit");
}

#[actix::test]
async fn a_storm_of_one_machine_is_told_to_wait_and_its_neighbour_is_not() {
    let broker = broker().await;
    let now = broker.clock.now();
    let storming = AwsMachine::new(STORMING).login(now, None);
    let told = storm(&broker, "/v1/login/aws", &storming).await;
    assert_eq!(told.verdict(), "429 too-many-requests");
    assert_eq!(told.header("retry-after"), Some("1"));
    assert_eq!(told.json()["type"], "urn:callsign:problem:too-many-requests");
    broker.token(&AwsMachine::new(CALM), Some("main")).await;
}

#[actix::test]
async fn what_is_refused_counts_too() {
    let broker = broker().await;
    let nameless = AwsMachine::new(CALM).login(broker.clock.now(), None);
    assert_eq!(broker.post("/v1/login/aws", &nameless).await.status, 409);
    storm(&broker, "/v1/login/aws", &nameless).await;
}

#[actix::test]
async fn an_existing_client_is_told_in_its_own_form() {
    let broker = broker().await;
    let (document, signature) = AwsMachine::new(STORMING).document(broker.clock.now());
    let body = json!({ "document": document, "signature": signature });
    let path = "/api/v2/workspaceagents/aws-instance-identity";
    let told = storm(&broker, path, &body).await;
    assert_eq!(told.json()["message"], "This machine logs in too often.");
    assert_eq!(told.header("retry-after"), Some("1"));
}

#[actix::test]
async fn who_cannot_prove_the_machine_cannot_use_up_its_logins() {
    let broker = broker().await;
    let now = broker.clock.now();
    let (document, _) = AwsMachine::new(CALM).document(now);
    let (_, signature) = AwsMachine::new(STORMING).document(now);
    let forged = json!({ "document": document, "signature": signature });
    for _ in 0..50 {
        assert_eq!(broker.post("/v1/login/aws", &forged).await.status, 401);
    }
    broker.token(&AwsMachine::new(CALM), Some("main")).await;
}

#[actix::test]
async fn limits_are_counted_by_outcome() {
    let broker = broker().await;
    let storming = AwsMachine::new(STORMING).login(broker.clock.now(), None);
    storm(&broker, "/v1/login/aws", &storming).await;
    let counted = "callsign_logins_total{provider=\"aws\",kind=\"aws:rsa2048\",\
                   outcome=\"too-many-requests\"} 1";
    metrics_with(&broker, &[counted]).await;
}
