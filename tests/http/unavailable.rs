//! Is trouble of ours told as 503 with Retry-After, in every place of the flow, and never as a
//! verdict on the caller?

use callsign::broker::Broker;
use callsign::directory::DirectoryError;
use callsign::event::RecordError;
use callsign::token::TokenError;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::broker::{Answer, TestBroker, resource, send};
use crate::support::door::Door;
use crate::support::log;
use crate::support::machine::{AwsMachine, STRANGER};
use crate::support::probe::{Trouble, answering, in_trouble};

const MACHINE: &str = "i-0123456789abcdef0";
const NATIVE: &str = "/v1/login/aws";
const COMPATIBLE: &str = "/api/v2/workspaceagents/aws-instance-identity";

/// What a database says that no caller may read.
const INNER: &str = "SQLSTATE 57P01 at 10.1.2.3";

async fn broker() -> TestBroker {
    TestBroker::start(&resource(MACHINE, &["main", "dev"])).await
}

/// A way of breaking one place of the flow.
type Break = (&'static str, Box<dyn Fn(&mut Broker)>);

/// Every kind of trouble in every place that a login goes through.
fn broken_places() -> Vec<Break> {
    let mut places: Vec<Break> = Vec::new();
    for trouble in Trouble::ALL {
        places.push(("verify", Box::new(move |broker| broker.verify = in_trouble(trouble))));
        places.push(("find", Box::new(move |broker| broker.find = in_trouble(trouble))));
        places.push(("mint", Box::new(move |broker| broker.mint = in_trouble(trouble))));
        places.push(("record", Box::new(move |broker| broker.record = in_trouble(trouble))));
    }
    let inner = || INNER.to_owned();
    places.push((
        "find",
        Box::new(move |broker| {
            broker.find = answering(move |_| Err(DirectoryError::Database(inner())));
        }),
    ));
    places.push((
        "mint",
        Box::new(|broker| {
            broker.mint = answering(|_| Err(TokenError::Signing));
        }),
    ));
    places.push((
        "record",
        Box::new(move |broker| {
            broker.record = answering(move |_| Err(RecordError::Database(inner())));
        }),
    ));
    places
}

async fn log_in(door: &Door, path: &str, body: &Value) -> Answer {
    send(door.request(Method::POST, path).json(body)).await
}

#[track_caller]
fn assert_unavailable(answer: &Answer, place: &str) {
    assert_eq!(answer.verdict(), "503 unavailable", "{place}: {}", answer.text);
    answer.assert_problem("503 unavailable", &[]);
    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert!(!answer.text.contains(INNER), "{}", answer.text);
}

#[actix::test]
async fn trouble_in_any_place_of_a_login_is_unavailable() {
    let broker = broker().await;
    let now = broker.clock.now();
    let machine = AwsMachine::new(MACHINE);
    let (document, signature) = machine.document(now);
    let compatible = json!({ "document": document, "signature": signature, "agent_name": "main" });
    for (place, breaks) in broken_places() {
        let door = Door::open(&broker, |front| breaks(&mut front.broker));
        let native = log_in(&door, NATIVE, &machine.login(now, Some("main"))).await;
        assert_unavailable(&native, place);
        let compatible = log_in(&door, COMPATIBLE, &compatible).await;
        assert_eq!(compatible.status, 503, "{place}: {}", compatible.text);
        assert!(compatible.header("retry-after").is_some());
        assert_eq!(compatible.json()["message"], "The broker cannot answer now.");
    }
    let metrics = broker.get("/metrics").await.text;
    let counted =
        r#"callsign_logins_total{provider="aws",kind="aws:rsa2048",outcome="unavailable"}"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[actix::test]
async fn a_refusal_that_cannot_be_recorded_is_unavailable_too() {
    let broker = broker().await;
    let now = broker.clock.now();
    let forged = json!({ "pkcs7": AwsMachine::new(MACHINE).pkcs7_by(&STRANGER, now) });
    for trouble in Trouble::ALL {
        let door = Door::open(&broker, |front| front.broker.record = in_trouble(trouble));
        assert_unavailable(&log_in(&door, NATIVE, &forged).await, "record");
        let ambiguous = AwsMachine::new(MACHINE).login(now, None);
        assert_unavailable(&log_in(&door, NATIVE, &ambiguous).await, "record");
    }
}

#[actix::test]
async fn trouble_with_a_tokens_check_or_heartbeat_is_unavailable() {
    let broker = broker().await;
    let token = broker.token(&AwsMachine::new(MACHINE), Some("main")).await;
    let beat = |door: &Door| {
        send(door.request(Method::POST, "/v1/agents/me/heartbeat").bearer_auth(&token))
    };
    for trouble in Trouble::ALL {
        let door = Door::open(&broker, |front| front.broker.check = in_trouble(trouble));
        let me = send(door.request(Method::GET, "/v1/agents/me").bearer_auth(&token)).await;
        assert_unavailable(&me, "check");
        assert_unavailable(&beat(&door).await, "check");
        let door = Door::open(&broker, |front| front.broker.heartbeat = in_trouble(trouble));
        assert_unavailable(&beat(&door).await, "heartbeat");
    }
    let away = |_| Err(TokenError::Database(INNER.to_owned()));
    let door = Door::open(&broker, |front| front.broker.check = answering(away));
    let me = send(door.request(Method::GET, "/v1/agents/me").bearer_auth(&token)).await;
    assert_unavailable(&me, "check");
}

#[actix::test]
async fn the_log_tells_the_cause_under_the_request_id() {
    let broker = broker().await;
    let away = |_| Err(RecordError::Database(INNER.to_owned()));
    let door = Door::open(&broker, |front| front.broker.record = answering(away));
    let login = AwsMachine::new(MACHINE).login(broker.clock.now(), Some("main"));
    let answer = log_in(&door, NATIVE, &login).await;
    let id = answer.header("x-request-id").unwrap();
    let line = log::wait_for(id, "a request failed").await;
    assert!(line.contains(INNER) && line.contains("ERROR"), "{line}");

    let answer = broker.get_as("/v1/agents/me", "a.b.c").await;
    let id = answer.header("x-request-id").unwrap();
    log::wait_for(id, "not a token of ours").await;
}
