//! Several brokers on one database: what one does holds for all of them, at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::broker::{TestBroker, resource};
use crate::support::machine::AwsMachine;

const MACHINE: &str = "i-0123456789abcdef0";
const OTHER: &str = "i-0fedcba9876543210";

async fn key_ids(broker: &TestBroker) -> Vec<String> {
    let keys = broker.get("/.well-known/jwks.json").await.json()["keys"].clone();
    let id = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys.as_array().unwrap().iter().map(id).collect()
}

#[actix::test]
async fn brokers_that_start_at_once_on_a_new_database_have_one_key_and_one_registration() {
    let declared = resource(MACHINE, &["main", "dev"]);
    let brokers = TestBroker::start_together([declared.as_str(); 4]).await;
    let keys = key_ids(&brokers[0]).await;
    assert_eq!(keys.len(), 1);
    let machine = AwsMachine::new(MACHINE);
    let mut agents = Vec::new();
    for broker in &brokers {
        assert_eq!(key_ids(broker).await, keys);
        let token = broker.token(&machine, Some("main")).await;
        agents.push(broker.get_as("/v1/agents/me", &token).await.json()["agent"]["id"].clone());
    }
    agents.dedup();
    assert_eq!(agents.len(), 1, "every broker found the same agent");
}

#[actix::test]
async fn a_token_of_one_broker_stands_at_another_until_either_ends_it() {
    let declared = resource(MACHINE, &["main"]);
    let brokers = TestBroker::start_together([declared.as_str(); 2]).await;
    let token = brokers[0].token(&AwsMachine::new(MACHINE), None).await;
    assert_eq!(brokers[1].get_as("/v1/agents/me", &token).await.status, 200);
    brokers[1].reload("").await;
    assert_eq!(brokers[0].get_as("/v1/agents/me", &token).await.verdict(), "401 token-rejected");
    let login = AwsMachine::new(MACHINE).login(brokers[0].clock.now(), None);
    let refused = brokers[0].post("/v1/login/aws", &login).await;
    assert_eq!(refused.verdict(), "410 instance-retired");
}

#[actix::test]
async fn brokers_that_converge_at_once_agree_on_one_live_resource() {
    let brokers = TestBroker::start_together([""; 4]).await;
    for generation in 1..=5 {
        let declared = resource(MACHINE, &["main", "dev"])
            + &format!("generation = \"{generation}\"\n")
            + &resource(OTHER, &["main"]);
        join_all(brokers.iter().map(|broker| broker.reload(&declared))).await;
        for broker in &brokers {
            broker.token(&AwsMachine::new(MACHINE), Some("dev")).await;
            broker.token(&AwsMachine::new(OTHER), None).await;
        }
    }
}

/// Logins hold their agents while they are recorded, heartbeats write to them, and a change of the
/// registration ends them: in another order each, these would wait for each other in a circle.
#[actix::test]
async fn logins_heartbeats_and_changes_of_several_brokers_do_not_lock_each_other_out() {
    let names: Vec<String> = (0..8).map(|number| format!("a{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let declared = resource(MACHINE, &names);
    let brokers = TestBroker::start_together([declared.as_str(); 2]).await;
    let machine = AwsMachine::new(MACHINE);
    let busy = |broker: usize, agent: usize| {
        let (broker, name, machine) = (&brokers[broker], names[agent], &machine);
        async move {
            for _ in 0..10 {
                let token = broker.token(machine, Some(name)).await;
                let heartbeat = broker.request(reqwest::Method::POST, "/v1/agents/me/heartbeat");
                let beaten = heartbeat.bearer_auth(token).send().await.unwrap();
                assert_eq!(beaten.status(), 204);
            }
        }
    };
    let loads = (0..16).map(|number| busy(number % 2, (number * 5) % 8));
    let changes = async {
        for label in 0..10 {
            let changed = format!("{declared}labels = {{ change = \"{label}\" }}\n");
            brokers[label % 2].reload(&changed).await;
        }
    };
    tokio::join!(join_all(loads), changes);
}

/// Every broker is told of each generation at the same time. One of them begins it, the others find
/// it; with the answer, what was before has ended at all of them.
#[actix::test]
async fn four_brokers_never_have_two_live_resources_and_end_tokens_for_all_at_once() {
    let brokers = TestBroker::start_together([""; 4]).await;
    let path = format!("/v1/resources/aws/{MACHINE}");
    let mut ended: Option<String> = None;
    for generation in 0..8 {
        let declared = json!({
            "name": "m", "generation": generation.to_string(), "agents": [{"name": "main"}]
        });
        let answers = join_all(brokers.iter().map(|broker| broker.put(&path, &declared))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 201], "{generation}");

        let token = brokers[generation % 4].token(&AwsMachine::new(MACHINE), None).await;
        for broker in &brokers {
            assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 200);
            if let Some(ended) = &ended {
                let me = broker.get_as("/v1/agents/me", ended).await;
                assert_eq!(me.verdict(), "401 token-rejected", "{generation}");
            }
            let live = broker.look("/v1/resources?live=true").await;
            assert_eq!(live["items"].as_array().unwrap().len(), 1, "{live}");
        }
        ended = Some(token);
    }
}
