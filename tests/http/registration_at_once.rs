//! Many operators declare one machine at once, and it logs in all the while. Is there ever more than
//! one registration of it, or none?

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use entity::{agent, resource};
use futures_util::future::{join, join_all};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::support::broker::{Answer, TestBroker};
use crate::support::machine::AwsMachine;
use crate::support::patience::metrics_with;

const MACHINE: &str = "i-0123456789abcdef0";
const PATH: &str = "/v1/resources/aws/i-0123456789abcdef0";
const AT_ONCE: usize = 50;

fn generation(word: &str) -> Value {
    json!({ "name": "n", "generation": word, "agents": [{ "name": "main" }, { "name": "dev" }] })
}

async fn broker() -> TestBroker {
    TestBroker::start("[limits]\ninstance_rate = 0\n").await
}

/// Begun, kept or changed; or told to come back, which is no verdict.
#[track_caller]
fn assert_answered(answer: &Answer) {
    match answer.status {
        200 | 201 => {}
        503 => assert!(answer.header("retry-after").is_some()),
        _ => panic!("{} {}", answer.status, answer.text),
    }
}

async fn assert_one_is_live(broker: &TestBroker) {
    // What was told to come back may have been begun, and goes on.
    metrics_with(broker, &["callsign_mailbox_depth{mailbox=\"directory\"} 0"]).await;
    let sql = broker.sql().await;
    let live = resource::Entity::find().filter(resource::Column::RetiredAt.is_null());
    let live = live.all(&sql).await.unwrap();
    assert_eq!(live.len(), 1, "{live:?}");
    let agents = agent::Entity::find().filter(agent::Column::RetiredAt.is_null());
    for agent in agents.all(&sql).await.unwrap() {
        assert_eq!(agent.resource_id, live[0].id, "an agent outlived its resource");
    }
    let found = broker.look(PATH).await;
    assert_eq!(found["id"], live[0].id.to_string());
    assert_eq!(found["agents"].as_array().unwrap().len(), 2);
}

#[actix::test]
async fn fifty_generations_at_once_leave_one_and_no_login_sees_two_or_none() {
    let broker = broker().await;
    assert_eq!(broker.put(PATH, &generation("first")).await.status, 201);
    let machine = AwsMachine::new(MACHINE);
    let before = broker.token(&machine, Some("main")).await;
    let done = AtomicBool::new(false);
    let puts = async {
        let puts = (0..AT_ONCE).map(|number| {
            let broker = &broker;
            async move { broker.put(PATH, &generation(&number.to_string())).await }
        });
        let answers = join_all(puts).await;
        done.store(true, Ordering::SeqCst);
        answers
    };
    let logins = async {
        // However quickly the fifty are done, and whatever is answered meanwhile.
        let mut tokens = vec![before];
        while !done.load(Ordering::SeqCst) {
            let (named, unnamed) =
                join(broker.log_in(&machine, Some("main")), broker.log_in(&machine, None)).await;
            assert_answered(&named);
            assert_eq!(unnamed.json()["agents"], json!(["dev", "main"]), "{}", unnamed.text);
            if named.status == 200 {
                tokens.push(named.json()["session_token"].as_str().unwrap().to_owned());
            }
        }
        tokens
    };
    let (answers, mut tokens) = join(puts, logins).await;
    answers.iter().for_each(assert_answered);
    tokens.push(broker.token(&machine, Some("main")).await);
    assert_one_is_live(&broker).await;
    // What was handed out on the way ended with its generation.
    let id = &broker.look(PATH).await["id"];
    for token in tokens {
        let me = broker.get_as("/v1/agents/me", &token).await;
        assert!(me.status == 401 || me.json()["resource"]["id"] == *id, "{}", me.text);
    }
}

#[actix::test]
async fn fifty_equal_declarations_at_once_begin_one_registration() {
    let broker = broker().await;
    let same = generation("1");
    let answers = join_all((0..AT_ONCE).map(|_| broker.put(PATH, &same))).await;
    answers.iter().for_each(assert_answered);
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert!(with(201) == 1 || (with(201) == 0 && with(503) > 0), "{} begin one", with(201));
    let ids: BTreeSet<String> = answers
        .iter()
        .filter(|answer| answer.status < 300)
        .map(|answer| answer.json()["id"].to_string())
        .collect();
    assert!(ids.len() <= 1, "{ids:?}");
    assert!(broker.put(PATH, &same).await.status < 300);
    assert_one_is_live(&broker).await;
}
