//! Does a sub-agent get its token through its root agent, and in no other way?

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use super::session::{assert_rejected, read};
use crate::support::broker::{Answer, TestBroker, send};
use crate::support::machine::{ACCOUNT, AwsMachine, REGION};

const MACHINE: &str = "i-0123456789abcdef0";
const PATH: &str = "/v1/resources/aws/i-0123456789abcdef0";
const ME: &str = "/v1/agents/me";

fn family() -> Value {
    json!({ "name": "build-7", "agents": [
        { "name": "main" },
        { "name": "linter", "parent": "main" },
        { "name": "Tester", "parent": "main" },
        { "name": "dev" },
        { "name": "helper", "parent": "dev" },
    ] })
}

async fn broker() -> (TestBroker, String) {
    let broker = TestBroker::start("").await;
    assert_eq!(broker.put(PATH, &family()).await.status, 201);
    let token = broker.token(&AwsMachine::new(MACHINE), Some("main")).await;
    (broker, token)
}

async fn ask(broker: &TestBroker, bearer: &str, name: &str, body: Option<Value>) -> Answer {
    let path = format!("/v1/agents/me/sub-agents/{name}/token");
    let request = broker.request(Method::POST, &path).bearer_auth(bearer);
    send(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

async fn sub_token(broker: &TestBroker, bearer: &str, name: &str) -> String {
    let answer = ask(broker, bearer, name, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["session_token"].as_str().unwrap().to_owned()
}

#[actix::test]
async fn a_sub_agents_token_names_it_and_the_root_agent_that_acts_through_it() {
    let (broker, root) = broker().await;
    let answer = ask(&broker, &root, "linter", None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let answer = answer.json();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(answer["resource"]["account"], ACCOUNT);
    let token = answer["session_token"].as_str().unwrap();
    let claims = read(&broker, token, "callsign").await.claims;
    let parent = read(&broker, &root, "callsign").await.claims;
    assert_eq!(claims["sub"], answer["agent"]["id"]);
    assert_eq!(claims["client_id"], claims["sub"]);
    assert_eq!(claims["agent_name"], "linter");
    assert_eq!(claims["act"], json!({ "sub": parent["sub"], "agent_name": "main" }));
    assert_eq!(claims["amr"], json!(["aws:rsa2048"]));
    assert_eq!(claims["instance"], parent["instance"]);
    assert_eq!(claims["instance"]["region"], REGION);
    assert_eq!(parent.get("act"), None);
    let me = broker.get_as(ME, token).await.json();
    assert_eq!(me["agent"]["name"], "linter");
    assert_eq!(me["resource"]["account"], ACCOUNT);
}

#[actix::test]
async fn it_is_on_record_before_it_is_answered() {
    let (broker, root) = broker().await;
    let token = sub_token(&broker, &root, "linter").await;
    let claims = read(&broker, &token, "callsign").await.claims;
    let parent = read(&broker, &root, "callsign").await.claims;
    let event = broker.events().await.pop().unwrap();
    assert_eq!(event["kind"], "token-delegated");
    assert_eq!(event["token_id"], claims["jti"]);
    assert_eq!(event["agent_id"], claims["sub"]);
    assert_eq!(event["parent_id"], parent["sub"]);
    assert_eq!(event["parent_token_id"], parent["jti"]);
    assert!(!event.to_string().contains(&token));
}

#[actix::test]
async fn it_never_outlives_the_token_that_asked_for_it() {
    let (broker, root) = broker().await;
    for (asked, given) in [(None, 3600), (Some(60), 60), (Some(3600), 3600), (Some(u32::MAX), 3600)]
    {
        let body = asked.map(|seconds| json!({ "expires_in": seconds }));
        let answer = ask(&broker, &root, "linter", body).await.json();
        assert_eq!(answer["expires_in"], given, "{asked:?}");
    }
    broker.clock.move_by(TimeDelta::minutes(50));
    let answer = ask(&broker, &root, "linter", None).await.json();
    assert_eq!(answer["expires_in"], 600);
    let token = answer["session_token"].as_str().unwrap();
    broker.clock.move_by(TimeDelta::seconds(599));
    assert_eq!(broker.get_as(ME, token).await.status, 200);
    broker.clock.move_by(TimeDelta::seconds(1));
    assert_rejected(&broker.get_as(ME, token).await);
    assert_rejected(&ask(&broker, &root, "linter", None).await);
}

#[actix::test]
async fn only_its_own_live_sub_agents_are_a_root_agents_to_name() {
    let (broker, root) = broker().await;
    for name in ["helper", "dev", "main", "LINTER", "tester", "nobody", "%20", "a%2Fb", "ö"] {
        let answer = ask(&broker, &root, name, None).await;
        answer.assert_problem("404 agent-unknown", &["agent_name", "agents"]);
        assert_eq!(answer.json()["agents"], json!(["Tester", "linter"]), "{name}");
    }
    let dev = broker.token(&AwsMachine::new(MACHINE), Some("dev")).await;
    sub_token(&broker, &dev, "helper").await;
}

#[actix::test]
async fn a_sub_agents_token_makes_no_further_ones() {
    let (broker, root) = broker().await;
    let sub = sub_token(&broker, &root, "linter").await;
    for name in ["linter", "Tester", "main"] {
        ask(&broker, &sub, name, None).await.assert_problem("403 not-a-root-agent", &[]);
    }
}

#[actix::test]
async fn a_sub_agent_has_no_login_of_its_own() {
    let (broker, root) = broker().await;
    sub_token(&broker, &root, "linter").await;
    let answer = broker.log_in(&AwsMachine::new(MACHINE), Some("linter")).await;
    assert_eq!(answer.verdict(), "404 agent-unknown");
    assert_eq!(answer.json()["agents"], json!(["dev", "main"]));
}

#[actix::test]
async fn it_ends_with_its_root_agent_with_itself_and_with_the_generation() {
    let without = |names: &[&str]| {
        let mut body = family();
        body["agents"]
            .as_array_mut()
            .unwrap()
            .retain(|agent| !names.contains(&agent["name"].as_str().unwrap()));
        body
    };
    let anew = || {
        let mut body = family();
        body["generation"] = json!("2");
        body
    };
    for change in [without(&["linter"]), without(&["main", "linter", "Tester"]), anew()] {
        let (broker, root) = broker().await;
        let token = sub_token(&broker, &root, "linter").await;
        assert_eq!(broker.get_as(ME, &token).await.status, 200);
        assert!(broker.put(PATH, &change).await.status < 300);
        assert_rejected(&broker.get_as(ME, &token).await);
    }
}

#[actix::test]
async fn who_has_no_session_gets_none_for_others() {
    let (broker, root) = broker().await;
    let forged = format!("{root}x");
    for bearer in ["x", forged.as_str(), crate::support::broker::OPERATOR] {
        assert_rejected(&ask(&broker, bearer, "linter", None).await);
    }
    let path = "/v1/agents/me/sub-agents/linter/token";
    let answer = send(broker.request(Method::POST, path)).await;
    assert_eq!(answer.verdict(), "401 token-rejected");
}

#[actix::test]
async fn a_body_is_optional_but_not_arbitrary() {
    let (broker, root) = broker().await;
    for body in [json!({}), json!({ "expires_in": null })] {
        assert_eq!(ask(&broker, &root, "linter", Some(body)).await.status, 200);
    }
    for body in [
        json!({ "expires_in": 0 }),
        json!({ "expires_in": -1 }),
        json!({ "expires_in": 1.5 }),
        json!({ "expires_in": "60" }),
        json!({ "lifetime": 60 }),
        json!([60]),
    ] {
        let answer = ask(&broker, &root, "linter", Some(body.clone())).await;
        assert_eq!(answer.verdict(), "400 malformed-request", "{body}");
    }
}
