//! What does a broker do whose database is down, silent, slow, full or another one? It answers 503,
//! says so at `/readyz`, and goes on by itself when the trouble is over.

mod killed;
mod lost_commits;
mod postgres;
mod sqlite;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::broker::{TestBroker, resource, send};
use crate::support::machine::AwsMachine;

const MACHINE: &str = "i-0123456789abcdef0";

/// The machine that every broker here knows.
fn registered() -> String {
    resource(MACHINE, &["main", "dev"])
}

/// One of every kind of request that needs the database.
fn requests(broker: &TestBroker, token: &str) -> Vec<(&'static str, RequestBuilder)> {
    let machine = AwsMachine::new(MACHINE);
    let now = broker.clock.now();
    let (document, signature) = machine.document(now);
    let ask = |method, path| broker.request(method, path);
    let operate =
        |method, path| broker.request(method, path).bearer_auth(crate::support::broker::OPERATOR);
    let declared = json!({"name": "m", "agents": [{"name": "main"}]});
    vec![
        ("login", ask(Method::POST, "/v1/login/aws").json(&machine.login(now, Some("main")))),
        ("ambiguous", ask(Method::POST, "/v1/login/aws").json(&machine.login(now, None))),
        (
            "compatible",
            ask(Method::POST, "/api/v2/workspaceagents/aws-instance-identity").json(&json!({
                "document": document, "signature": signature, "agent_name": "main"
            })),
        ),
        ("me", ask(Method::GET, "/v1/agents/me").bearer_auth(token)),
        ("heartbeat", ask(Method::POST, "/v1/agents/me/heartbeat").bearer_auth(token)),
        ("list", operate(Method::GET, "/v1/resources")),
        ("put", operate(Method::PUT, "/v1/resources/aws/i-0new").json(&declared)),
        ("delete", operate(Method::DELETE, "/v1/resources/aws/i-0old")),
    ]
}

/// Every request that needs the database is told to come back, and `/readyz` says what is wrong.
async fn assert_away(broker: &TestBroker, token: &str) {
    let requests = requests(broker, token).into_iter();
    let asked = requests.map(|(name, request)| async move { (name, send(request).await) });
    for (name, answer) in join_all(asked).await {
        assert_eq!(answer.status, 503, "{name}: {}", answer.text);
        assert!(answer.header("retry-after").is_some(), "{name}");
        assert!(!answer.text.contains("session_token"), "{name}: {}", answer.text);
    }
    assert_unready(broker).await;
}

async fn assert_unready(broker: &TestBroker) {
    let ready = broker.get("/readyz").await;
    assert_eq!(ready.status, 503, "{}", ready.text);
    assert_eq!(ready.json()["parts"]["database"]["status"], "failed", "{}", ready.text);
    assert_eq!(broker.get("/healthz").await.status, 200);
    assert_eq!(broker.get("/.well-known/jwks.json").await.status, 200);
}

/// All is as it was, without a start; what was handed out stands.
async fn assert_well(broker: &TestBroker, token: &str) {
    let ready = broker.get("/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let machine = AwsMachine::new(MACHINE);
    broker.token(&machine, Some("main")).await;
    assert_eq!(broker.log_in(&machine, None).await.verdict(), "409 agent-ambiguous");
    assert_eq!(broker.get_as("/v1/agents/me", token).await.status, 200);
    broker.look("/v1/resources").await;
}
