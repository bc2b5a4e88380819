//! SQLite whose file another process keeps to itself, or whose disk is full; and how it is built in.

use std::fs;
use std::time::Instant;

use callsign::clock::Clock;
use sea_orm::{SqliteTransactionMode, TransactionOptions, TransactionTrait as _};
use serde_json::json;

use super::{MACHINE, assert_unready, assert_well, registered};
use crate::support::broker::{TestBroker, send};
use crate::support::database::{is_postgres, texts};
use crate::support::http::client;
use crate::support::machine::{AWS, AwsMachine, REGION};
use crate::support::patience::AMPLE;
use crate::support::process::Served;

#[actix::test]
async fn a_file_that_another_process_writes_to_is_told_and_written_again_afterwards() {
    if is_postgres() {
        return;
    }
    let broker = TestBroker::start(&registered()).await;
    let machine = AwsMachine::new(MACHINE);
    let token = broker.token(&machine, Some("dev")).await;
    let sql = broker.sql().await;
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Exclusive),
        ..TransactionOptions::default()
    };
    let writer = sql.begin_with_options(options).await.unwrap();
    let begun = Instant::now();
    let logins = (0..300).map(|_| broker.log_in(&machine, Some("main")));
    for login in futures_util::future::join_all(logins).await {
        login.assert_problem("503 unavailable", &[]);
    }
    // All are told together, not one after the other.
    assert!(begun.elapsed() < AMPLE, "{:?}", begun.elapsed());
    assert_unready(&broker).await;
    // What is only looked up goes on.
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 200);
    writer.rollback().await.unwrap();
    assert_well(&broker, &token).await;
}

#[actix::test]
async fn a_disk_that_is_full_is_told_and_written_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let common = "[http]\nlisten = \"127.0.0.1:0\"\n[identity.aws]\ntrust = [\"aws.toml\"]\n";
    fs::write(folder.path().join("aws.toml"), AWS.trust_toml(REGION).unwrap()).unwrap();
    fs::write(folder.path().join("a.toml"), common.to_owned() + &registered()).unwrap();
    let served = Served::start_for_bounds(folder.path(), &["-c", "a.toml"]);

    let (http, now) = (client(), Clock::system().now());
    let body = json!({ "pkcs7": AwsMachine::new(MACHINE).pkcs7(now), "agent_name": "main" });
    let log_in = || send(http.post(format!("{}/v1/login/aws", served.url)).json(&body));
    let ready = || send(http.get(format!("{}/readyz", served.url)));
    assert_eq!((log_in().await.status, ready().await.status), (200, 200));
    // Often enough for each connection of the pool to fail, and to fail again.
    for _ in 0..20 {
        served.bound_files(Some(4096));
        log_in().await.assert_problem("503 unavailable", &[]);
        assert_eq!(ready().await.json()["parts"]["database"]["status"], "failed");
        served.bound_files(None);
        // Nobody logs in where it is not ready: it must find out by itself.
        let answer = ready().await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(log_in().await.status, 200);
    }
}

/// As `.cargo/config.toml` asks for.
#[actix::test]
async fn sqlite_is_built_without_what_all_its_connections_would_share() {
    let sql = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
    let options = texts(&sql, "PRAGMA compile_options").await;
    let is_set = |option: &str| options.iter().any(|set| set == option);
    assert!(is_set("DEFAULT_MEMSTATUS=0"), "{options:?}");
    assert!(is_set("DISABLE_PAGECACHE_OVERFLOW_STATS"), "{options:?}");
    assert!(!is_set("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
}
