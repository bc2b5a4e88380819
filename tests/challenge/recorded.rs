//! What is on record of an answered challenge, of one that was answered again, and for how long?

use callsign::event::forget_answers;
use chrono::TimeDelta;
use entity::{answered_challenge, auth_event, issued_token, refused_login};
use rustix::process::Signal;
use sea_orm::{EntityTrait, PaginatorTrait as _};
use serde_json::{Value, json};

use super::{BOTH, Cloud, Route, broker, challenge, of_agent, proof};
use crate::support::azure::{AZURE, machine};
use crate::support::broker::{TestBroker, resource_on};
use crate::support::http::client;
use crate::support::process::Served;

async fn count<E: EntityTrait<Model: Send + Sync>>(broker: &TestBroker) -> u64 {
    E::find().count(&broker.sql().await).await.unwrap()
}

/// Logs `main` in by a fresh challenge, and gives the login and the token's id.
async fn log_in(broker: &TestBroker, cloud: Cloud) -> (Value, Value) {
    let given = challenge(broker, cloud, Some("main")).await;
    let login = of_agent(proof(broker, cloud, &given), "main");
    let answer = broker.post(&cloud.path(Route::Native), &login).await;
    let token = answer.json()["session_token"].as_str().unwrap().to_owned();
    let claims = crate::http::session::read(broker, &token, "callsign").await.claims;
    (login, claims)
}

#[actix::test]
async fn an_answer_is_on_record_with_its_token() {
    let broker = broker("").await;
    for cloud in BOTH {
        let (_, claims) = log_in(&broker, cloud).await;
        let rows = answered_challenge::Entity::find().all(&broker.sql().await).await.unwrap();
        let row = rows.iter().find(|row| row.provider == cloud.word()).unwrap();
        assert_eq!(row.instance_id, cloud.machine());
        assert_eq!(json!(row.token_id), claims["jti"]);
        let event = broker.events().await.pop().unwrap();
        assert_eq!((&event["kind"], &event["token_id"]), (&json!("login-granted"), &claims["jti"]));
        assert_eq!(event["challenge"], json!({ "nonce": row.nonce }));
    }
}

#[actix::test]
async fn a_dry_run_uses_no_challenge_up() {
    let broker = broker("").await;
    for cloud in BOTH {
        let given = challenge(&broker, cloud, Some("main")).await;
        let mut login = of_agent(proof(&broker, cloud, &given), "main");
        for (dry_run, verdict) in
            [(true, "200"), (true, "200"), (false, "200"), (false, "401 identity-rejected")]
        {
            login["dry_run"] = json!(dry_run);
            let answer = broker.post(&cloud.path(Route::Native), &login).await;
            assert_eq!(answer.verdict(), verdict, "{cloud:?} {dry_run}");
        }
    }
    assert_eq!(count::<answered_challenge::Entity>(&broker).await, 2);
}

#[actix::test]
async fn a_replay_leaves_no_token_and_is_told_to_the_operator() {
    let broker = broker("").await;
    for (number, cloud) in (1..).zip(BOTH) {
        let (login, _) = log_in(&broker, cloud).await;
        let events = count::<auth_event::Entity>(&broker).await;
        let replay = broker.post(&cloud.path(Route::Native), &login).await;
        assert_eq!(replay.verdict(), "401 identity-rejected");
        assert_eq!(count::<issued_token::Entity>(&broker).await, number);
        assert_eq!(count::<answered_challenge::Entity>(&broker).await, number);
        assert_eq!(count::<auth_event::Entity>(&broker).await, events);
        let refusals = refused_login::Entity::find().all(&broker.sql().await).await.unwrap();
        let refused: Value = serde_json::from_str(&refusals.last().unwrap().body).unwrap();
        assert_eq!(refused["code"], "identity-rejected");
        assert_eq!(refused["cause"], "the proof answers a challenge that was answered before");
        assert_eq!(refused["instance_id"], cloud.machine());
    }
}

#[actix::test]
async fn an_answer_is_remembered_for_as_long_as_any_broker_could_take_it() {
    let broker = broker("").await;
    let database = &broker.service.front().database;
    for cloud in BOTH {
        log_in(&broker, cloud).await;
    }
    // The challenge's six minutes, and ten that a broker's clock may be behind.
    broker.clock.move_by(TimeDelta::seconds(16 * 60 - 1));
    assert_eq!(forget_answers(database, broker.clock.now()).await, Ok(0));
    broker.clock.move_by(TimeDelta::seconds(1));
    assert_eq!(forget_answers(database, broker.clock.now()).await, Ok(2));
    assert_eq!(count::<answered_challenge::Entity>(&broker).await, 0);
    assert_eq!(count::<issued_token::Entity>(&broker).await, 2);
}

#[actix::test]
async fn what_is_over_is_forgotten_a_batch_at_a_time_and_nothing_else() {
    use sea_orm::ActiveValue::Set;
    let broker = broker("").await;
    let now = broker.clock.now();
    let row = |number: i64, expires_at| answered_challenge::ActiveModel {
        provider: Set("azure".to_owned()),
        instance_id: Set(format!("vm-{}", number % 7)),
        nonce: Set(format!("{number:010}")),
        token_id: Set(uuid::Uuid::nil()),
        expires_at: Set(expires_at),
    };
    let expired = (0..1_200).map(|number| row(number, now - TimeDelta::seconds(number)));
    let kept = (1_200..1_210).map(|number| row(number, now + TimeDelta::seconds(1)));
    let rows = expired.chain(kept);
    let sql = broker.sql().await;
    answered_challenge::Entity::insert_many(rows).exec_without_returning(&sql).await.unwrap();
    let database = &broker.service.front().database;
    for removed in [500, 500, 200, 0] {
        assert_eq!(forget_answers(database, now).await, Ok(removed));
    }
    assert_eq!(count::<answered_challenge::Entity>(&broker).await, 10);
}

#[actix::test]
async fn a_challenge_that_was_answered_before_kill_9_is_not_answered_after_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("azure.toml"), AZURE.trust_toml().unwrap()).unwrap();
    let cloud = Cloud::Azure;
    let toml = "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nfilter = \"warn,callsign::cli=info\"\n\
                [identity.google]\nenabled = false\n\
                [identity.azure]\nnonce = \"required\"\ntrust = [\"azure.toml\"]\n";
    let machine_toml = resource_on(cloud.word(), cloud.machine(), &["main"]);
    std::fs::write(folder.path().join("a.toml"), toml.to_owned() + &machine_toml).unwrap();
    let http = client();
    let post = async |served: &Served, path: &str, body: &Value| {
        let answer = http.post(format!("{}{path}", served.url)).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };

    let served = Served::start(folder.path(), &["-c", "a.toml"]);
    let (_, given) = post(&served, "/v1/challenge", &json!({ "provider": "azure" })).await;
    let (_, spare) = post(&served, "/v1/challenge", &json!({ "provider": "azure" })).await;
    let login = |given: &Value| {
        let now = callsign::clock::Clock::system().now();
        let signature = AZURE.attested(&machine(), given["nonce"].as_str(), now).unwrap();
        json!({ "signature": signature })
    };
    let path = cloud.path(Route::Native);
    assert_eq!(post(&served, &path, &login(&given)).await.0, 200);
    served.signal(Signal::KILL);
    assert!(!served.wait());

    let served = Served::start(folder.path(), &["-c", "a.toml"]);
    assert_eq!(post(&served, &path, &login(&given)).await.0, 401);
    // What was given before and not answered still counts: the key is the same.
    assert_eq!(post(&served, &path, &login(&spare)).await.0, 200);
    served.signal(Signal::TERM);
    assert!(served.wait());
}
