//! A broker that is killed in the middle of its work has lost nothing that it answered.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use callsign::clock::Clock;
use rustix::process::Signal;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use crate::support::broker::resource;
use crate::support::http::client;
use crate::support::machine::{AWS, AwsMachine, REGION};
use crate::support::patience::AMPLE;
use crate::support::process::Served;

const MACHINE: &str = "i-0123456789abcdef0";
const ENOUGH: usize = 100;

fn serve(folder: &std::path::Path) -> Served {
    let common = "[http]\nlisten = \"127.0.0.1:0\"\n[log]\n\
                  filter = \"warn,callsign::cli=info\"\n[identity.aws]\ntrust = [\"aws.toml\"]\n";
    fs::write(folder.join("aws.toml"), AWS.trust_toml(REGION).unwrap()).unwrap();
    fs::write(folder.join("a.toml"), common.to_owned() + &resource(MACHINE, &["main"])).unwrap();
    Served::start(folder, &["-c", "a.toml"])
}

/// Logs in over and over, until the broker is no more; keeps each token that came whole.
async fn log_in_until_the_end(url: String, body: Value, tokens: Arc<Mutex<Vec<String>>>) {
    let http = client();
    let url = format!("{url}/v1/login/aws");
    loop {
        let Ok(answer) = http.post(&url).json(&body).send().await else { return };
        let Ok(answer) = answer.json::<Value>().await else { return };
        tokens.lock().unwrap().push(answer["session_token"].as_str().unwrap().to_owned());
    }
}

#[actix::test]
async fn every_token_that_was_received_is_on_record_after_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let served = serve(folder.path());
    let body = json!({ "pkcs7": AwsMachine::new(MACHINE).pkcs7(Clock::system().now()) });
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let load: Vec<_> = (0..8)
        .map(|_| {
            let (url, body) = (served.url.clone(), body.clone());
            actix::spawn(log_in_until_the_end(url, body, Arc::clone(&tokens)))
        })
        .collect();
    let begun = Instant::now();
    while tokens.lock().unwrap().len() < ENOUGH {
        assert!(begun.elapsed() < AMPLE, "the load makes no way");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    served.signal(Signal::KILL);
    for client in load {
        client.await.unwrap();
    }
    assert!(!served.wait());

    let served = serve(folder.path());
    let tokens = tokens.lock().unwrap().clone();
    assert!(tokens.len() >= ENOUGH);
    let http = client();
    for token in &tokens {
        let me = format!("{}/v1/agents/me", served.url);
        let answer = http.get(me).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "a token is not on record");
    }
    served.signal(Signal::TERM);
    assert!(served.wait());
    assert_eq!(check(folder.path()).await, "ok");
}

/// What SQLite itself says of the file.
async fn check(folder: &std::path::Path) -> String {
    let url = format!("sqlite://{}", folder.join("callsign.db").display());
    let sql = sea_orm::Database::connect(url).await.unwrap();
    let statement =
        sea_orm::Statement::from_string(sql.get_database_backend(), "PRAGMA integrity_check");
    let row = sql.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}
