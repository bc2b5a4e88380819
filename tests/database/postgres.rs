//! PostgreSQL behind a network that breaks. On SQLite there is none to break.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use tempfile::TempDir;

use super::{MACHINE, assert_away, assert_unready, assert_well, registered, requests};
use crate::support::broker::{TestBroker, send};
use crate::support::clock::FixedClock;
use crate::support::database::is_postgres;
use crate::support::machine::AwsMachine;
use crate::support::network::Network;
use crate::support::patience::AMPLE;

/// A broker behind a network of its own, and a token that it handed out; none on SQLite.
pub(super) async fn behind_a_network() -> Option<(Network, TestBroker, String)> {
    if !is_postgres() {
        println!("skipped: needs PostgreSQL (.ci/with-postgres)");
        return None;
    }
    let folder: TempDir = tempfile::tempdir().unwrap();
    let network = Network::to_database(folder.path()).await;
    let toml = registered() + &network.section();
    let broker = TestBroker::start_in(folder, FixedClock::default(), &toml).await;
    let token = broker.token(&AwsMachine::new(MACHINE), Some("dev")).await;
    Some((network, broker, token))
}

#[actix::test]
async fn a_server_that_is_down_is_told_and_found_again() {
    let Some((mut network, broker, token)) = behind_a_network().await else { return };
    network.go_down().await;
    assert_away(&broker, &token).await;
    assert_away(&broker, &token).await;
    network.come_back().await;
    assert_well(&broker, &token).await;
}

#[actix::test]
async fn a_server_that_was_started_anew_between_two_logins_costs_none() {
    let Some((network, broker, token)) = behind_a_network().await else { return };
    // Several connections, all of them cut, and none of them used for a while since: what broke
    // under load may cost a login.
    join_all(requests(&broker, &token).into_iter().map(|(_, request)| send(request))).await;
    network.cut();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..10 {
        assert_well(&broker, &token).await;
    }
}

#[actix::test]
async fn a_server_that_falls_silent_is_given_up_and_another_is_found() {
    let Some((network, broker, token)) = behind_a_network().await else { return };
    for round in 0..3 {
        network.fall_silent();
        let begun = Instant::now();
        let login = broker.log_in(&AwsMachine::new(MACHINE), Some("main")).await;
        assert!(begun.elapsed() < AMPLE, "{round}: {:?}", begun.elapsed());
        assert!(matches!(login.status, 200 | 503), "{round}: {}", login.text);
        assert_well(&broker, &token).await;
    }
}

#[actix::test]
async fn after_a_failover_a_server_that_takes_no_writes_is_not_taken_for_the_right_one() {
    let Some((network, broker, token)) = behind_a_network().await else { return };
    network.set_read_only(true);
    network.cut();
    assert_away(&broker, &token).await;
    network.set_read_only(false);
    assert_well(&broker, &token).await;
}

#[actix::test]
async fn a_database_that_is_slow_is_told_and_what_was_given_up_leaves_nothing() {
    let Some((_network, broker, token)) = behind_a_network().await else { return };
    let before = broker.events().await.len();
    let sql = broker.sql().await;
    // Lookups get through, commits wait.
    let slow = sql.begin().await.unwrap();
    slow.execute_unprepared("LOCK TABLE agent IN EXCLUSIVE MODE").await.unwrap();
    let machine = AwsMachine::new(MACHINE);
    let logins = (0..20).map(|_| broker.log_in(&machine, Some("main")));
    for login in join_all(logins).await {
        login.assert_problem("503 unavailable", &[]);
    }
    assert_unready(&broker).await;
    slow.rollback().await.unwrap();
    assert_well(&broker, &token).await;
    assert_eq!(broker.events().await.len(), before + 1);
}
