//! Is a token good for its own kind of route only? A session token opens nothing of the operators',
//! an operator's token nothing of the agents', on any route that the broker describes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::broker::{Answer, OPERATOR, TestBroker, resource, send};
use crate::support::machine::AwsMachine;

const MACHINE: &str = "i-0123456789abcdef0";

/// A route that takes tokens of one kind.
#[derive(Debug)]
struct Guarded {
    method: Method,
    path: String,
    kind: String,
}

/// Every route that the description says takes a token, with places of this machine filled in.
async fn guarded(broker: &TestBroker) -> Vec<Guarded> {
    let description = broker.get("/openapi.json").await.json();
    let mut routes = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(security) = operation["security"].as_array() else { continue };
            let kinds = security.iter().flat_map(|entry| entry.as_object().unwrap().keys());
            let [kind] = kinds.collect::<Vec<_>>().try_into().unwrap();
            let method = method.to_uppercase().parse().unwrap();
            routes.push(Guarded { method, path: filled_in(path), kind: kind.clone() });
        }
    }
    routes
}

fn filled_in(path: &str) -> String {
    path.replace("{provider}", "aws")
        .replace("{instance_id}", MACHINE)
        .replace("{name}", "main")
        .replace("{id}", "00000000-0000-0000-0000-000000000001")
}

async fn ask(broker: &TestBroker, route: &Guarded, token: &str) -> Answer {
    let request = broker.request(route.method.clone(), &route.path).bearer_auth(token);
    let declaration = json!({ "name": "machine", "agents": [{ "name": "intruder" }] });
    send(if route.method == Method::PUT { request.json(&declaration) } else { request }).await
}

#[actix::test]
async fn a_token_of_the_one_kind_opens_no_route_of_the_other() {
    let broker = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
    let session = broker.token(&AwsMachine::new(MACHINE), Some("main")).await;
    let before = registered(&broker).await;
    let routes = guarded(&broker).await;
    for route in &routes {
        let (own, other) = match route.kind.as_str() {
            "operator" => (OPERATOR, session.as_str()),
            "session" => (session.as_str(), OPERATOR),
            kind => panic!("a kind of token that this table does not know: {kind}"),
        };
        let refused = ask(&broker, route, other).await;
        assert_eq!(refused.verdict(), "401 token-rejected", "{route:?}: {}", refused.text);
        assert!(refused.header("www-authenticate").is_some(), "{route:?}");
        assert!(!refused.text.contains(other), "{route:?}");
        // The same request with a token of the right kind gets past this door.
        if route.method == Method::GET {
            assert_ne!(ask(&broker, route, own).await.status, 401, "{route:?}");
        }
    }
    let of = |kind: &str| routes.iter().filter(|route| route.kind == kind).count();
    assert!(of("operator") >= 7 && of("session") >= 3, "{routes:?}");
    assert_eq!(registered(&broker).await, before, "nothing was changed");
    assert_eq!(broker.get_as("/v1/agents/me", &session).await.status, 200);
}

async fn registered(broker: &TestBroker) -> Value {
    json!([broker.look("/v1/resources").await, broker.look("/v1/agents").await])
}
