//! The attack that forgetting could open: AWS's documents never expire, so who kept one of a machine
//! that was retired could bring it back once its registration is forgotten.

use chrono::TimeDelta;
use reqwest::Method;

use super::Scene;
use crate::support::broker::TestBroker;
use crate::support::machine::{ACCOUNT, AwsMachine};

const MACHINE: &str = "i-0123456789abcdef0";

fn rule(rest: &str) -> String {
    format!(
        "[[enrolment]]\nname = \"runners\"\nprovider = \"aws\"\naccounts = [\"{ACCOUNT}\"]\n\
         agents = [{{ name = \"main\" }}]\n{rest}\n"
    )
}

/// A broker whose machine was registered by hand, retired, and is forgotten by now.
async fn forgotten(rule_meanwhile: &str) -> TestBroker {
    let broker = TestBroker::start("").await;
    let path = format!("/v1/resources/aws/{MACHINE}");
    let declared = serde_json::json!({"name": "build-7", "agents": [{"name": "main"}]});
    assert_eq!(broker.put(&path, &declared).await.status, 201);
    assert_eq!(broker.operate(Method::DELETE, &path).await.status, 204);
    broker.reload(rule_meanwhile).await;
    let mut scene = Scene::new("retired_resources = \"40d\"").await;
    scene.clock = broker.clock.clone();
    scene.rules.replace(crate::support::broker::enrolment(rule_meanwhile));
    for _ in 0..50 {
        scene
            .keeper_on(broker.database().await, callsign::retention::Pace::default())
            .look()
            .await
            .unwrap();
        broker.clock.move_by(TimeDelta::days(1));
    }
    broker
}

#[actix::test]
async fn a_forgotten_machine_is_unknown_and_a_rule_of_later_does_not_take_its_old_document() {
    let broker = forgotten("").await;
    let stolen = AwsMachine::new(MACHINE).login(broker.clock.now() - TimeDelta::days(51), None);
    let unknown = broker.post("/v1/login/aws", &stolen).await;
    assert_eq!(unknown.verdict(), "404 instance-unknown");
    broker.reload(&rule("")).await;
    let unknown = broker.post("/v1/login/aws", &stolen).await;
    assert_eq!(unknown.verdict(), "404 instance-unknown");
    // Nor that of another machine of those days, which might be one of those forgotten.
    let other = AwsMachine::new("i-0fedcba9876543210");
    let of_then = other.login(broker.clock.now() - TimeDelta::days(51), None);
    let unknown = broker.post("/v1/login/aws", &of_then).await;
    assert_eq!(unknown.verdict(), "404 instance-unknown");
    // A machine that was launched since is enrolled.
    let of_now = other.login(broker.clock.now(), None);
    assert_eq!(broker.post("/v1/login/aws", &of_now).await.status, 200);
}

#[actix::test]
async fn where_a_rule_could_let_it_back_in_a_retired_machine_is_never_forgotten() {
    let broker = forgotten(&rule("")).await;
    let stolen = AwsMachine::new(MACHINE).login(broker.clock.now() - TimeDelta::days(51), None);
    let retired = broker.post("/v1/login/aws", &stolen).await;
    assert_eq!(retired.verdict(), "410 instance-retired");
}

#[actix::test]
async fn a_rule_for_young_machines_lets_it_be_forgotten() {
    let broker = forgotten(&rule("max_age = \"1h\"")).await;
    let stolen = AwsMachine::new(MACHINE).login(broker.clock.now() - TimeDelta::days(51), None);
    let unknown = broker.post("/v1/login/aws", &stolen).await;
    assert_eq!(unknown.verdict(), "404 instance-unknown");
}
