//! Whom no rule lets in: the retired, other accounts' instances, and what was copied long ago.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

use super::{MACHINE, count, rule};
use crate::support::broker::{OPERATOR, TestBroker, resource, send};
use crate::support::machine::{AwsMachine, STRANGER};

#[actix::test]
async fn a_retired_machine_does_not_come_back_by_itself() {
    let rule = rule("runners", &["main"], "");
    let broker = TestBroker::start(&(resource(MACHINE, &["main"]) + &rule)).await;
    let machine = AwsMachine::new(MACHINE);
    broker.token(&machine, None).await;
    broker.reload(&rule).await;
    assert_eq!(broker.log_in(&machine, None).await.verdict(), "410 instance-retired");
    let live = "SELECT count(*) FROM resource WHERE retired_at IS NULL";
    assert_eq!(count(&broker.sql().await, live).await, 0);
}

#[actix::test]
async fn an_operator_ends_an_enrolment_for_good() {
    let broker = TestBroker::start(&rule("runners", &["main"], "")).await;
    let machine = AwsMachine::new(MACHINE);
    let token = broker.token(&machine, None).await;
    let path = format!("/v1/resources/aws/{MACHINE}");
    let change = json!({"name": "machine", "agents": [{"name": "main"}, {"name": "dev"}]});
    let request = broker.request(Method::PUT, &path).bearer_auth(OPERATOR).json(&change);
    assert_eq!(send(request).await.status, 200);
    broker.token(&machine, Some("dev")).await;
    let request = broker.request(Method::DELETE, &path).bearer_auth(OPERATOR);
    assert_eq!(send(request).await.status, 204);
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 401);
    assert_eq!(broker.log_in(&machine, Some("main")).await.verdict(), "410 instance-retired");
}

#[actix::test]
async fn an_instance_id_that_another_account_had_is_not_enrolled() {
    let rule = rule("runners", &["main"], "");
    let others = resource(MACHINE, &["main"]) + "account = \"999999999999\"\n";
    let broker = TestBroker::start(&(others + &rule)).await;
    let machine = AwsMachine::new(MACHINE);
    // While it is live there, and after it was retired there.
    assert_eq!(broker.log_in(&machine, None).await.verdict(), "404 instance-unknown");
    broker.reload(&rule).await;
    assert_eq!(broker.log_in(&machine, None).await.verdict(), "404 instance-unknown");
    assert_eq!(count(&broker.sql().await, "SELECT count(*) FROM resource").await, 1);
}

#[actix::test]
async fn a_machine_of_another_account_is_unknown() {
    let broker = TestBroker::start(&rule("runners", &["main"], "")).await;
    let stranger = AwsMachine::new(MACHINE).in_account("999999999999");
    assert_eq!(broker.log_in(&stranger, None).await.verdict(), "404 instance-unknown");
}

/// AWS's documents never expire: one that was copied from a machine of long ago would enrol it
/// for whoever has the copy.
#[actix::test]
async fn an_old_document_enrols_nobody_where_the_rule_has_an_age() {
    let broker = TestBroker::start(&rule("runners", &["main"], "max_age = \"1h\"")).await;
    let machine = AwsMachine::new(MACHINE);
    let copied = machine.login(broker.clock.now(), None);
    broker.clock.move_by(TimeDelta::hours(1) + TimeDelta::seconds(1));
    let answer = broker.post("/v1/login/aws", &copied).await;
    assert_eq!(answer.verdict(), "404 instance-unknown");
    // One that was enrolled in time goes on with the document that it has.
    let young = AwsMachine::new("i-00000000000000001");
    let kept = young.login(broker.clock.now(), None);
    assert_eq!(broker.post("/v1/login/aws", &kept).await.status, 200);
    broker.clock.move_by(TimeDelta::days(30));
    assert_eq!(broker.post("/v1/login/aws", &kept).await.status, 200);
}

#[actix::test]
async fn a_forged_document_enrols_nobody_and_learns_nothing() {
    let broker = TestBroker::start(&rule("runners", &["main"], "")).await;
    let forged = AwsMachine::new(MACHINE).pkcs7_by(&STRANGER, broker.clock.now());
    let answer = broker.post("/v1/login/aws", &json!({ "pkcs7": forged })).await;
    assert_eq!(answer.verdict(), "401 identity-rejected");
    assert_eq!(count(&broker.sql().await, "SELECT count(*) FROM resource").await, 0);
}

#[actix::test]
async fn a_rule_that_is_taken_away_lets_nobody_new_in_and_nobody_out() {
    let broker = TestBroker::start(&rule("runners", &["main"], "")).await;
    let enrolled = AwsMachine::new(MACHINE);
    let token = broker.token(&enrolled, None).await;
    broker.reload("").await;
    let late = AwsMachine::new("i-00000000000000001");
    assert_eq!(broker.log_in(&late, None).await.verdict(), "404 instance-unknown");
    broker.token(&enrolled, None).await;
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 200);
    broker.reload(&rule("runners", &["main"], "")).await;
    broker.token(&late, None).await;
}

#[actix::test]
async fn a_rule_changes_nothing_about_a_registered_machine() {
    let toml = resource(MACHINE, &["only"]) + &rule("runners", &["main", "dev"], "");
    let broker = TestBroker::start(&toml).await;
    let machine = AwsMachine::new(MACHINE);
    assert_eq!(broker.log_in(&machine, Some("main")).await.verdict(), "404 agent-unknown");
    broker.token(&machine, None).await;
    assert_eq!(count(&broker.sql().await, "SELECT count(*) FROM agent").await, 1);
}
