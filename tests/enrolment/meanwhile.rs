//! Whatever others do between the look and the record, one registration comes of it.

use callsign::broker::authenticate::authenticate;
use callsign::broker::error::{BrokerError, Denied};
use callsign::directory::Refused;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;

use super::{MACHINE, count, rule};
use crate::support::broker::TestBroker;
use crate::support::database::is_postgres;
use crate::support::meanwhile::{log_in_while, login};

#[actix::test]
async fn another_agents_first_login_meanwhile_registers_for_both() {
    let test = TestBroker::start(&rule("runners", &["main", "dev"], "")).await;
    let (broker, dev) = (test.service.broker().clone(), login(&test, MACHINE, "dev"));
    let (told, heard) = tokio::sync::oneshot::channel();
    let granted = log_in_while(&test, MACHINE, async move {
        let granted = authenticate(&broker, dev).await.unwrap();
        told.send(granted.token().agent().resource_id()).unwrap();
    });
    let granted = granted.await.0.unwrap();
    assert_eq!(granted.token().agent().resource_id(), heard.await.unwrap());
    assert_eq!(granted.token().agent().name(), "main");
    assert!(granted.token().agent().enrolment().is_none(), "it found what the other registered");
    assert_eq!(count(&test.sql().await, "SELECT count(*) FROM resource").await, 1);
}

const INSERT: &str = "INSERT INTO resource (id, provider, instance_id, account, name, generation, labels, origin, created_at, retired_at)
    VALUES ({id}, 'aws', 'i-0123456789abcdef0', '', 'a', '', '{}', 'api', '2026-11-24T00:00:00+00:00', {retired_at})";

/// What somebody else registers.
fn insert(retired_at: &str) -> String {
    let id = match is_postgres() {
        true => "'00000000-0000-0000-0000-000000000001'",
        false => "x'00000000000000000000000000000001'",
    };
    INSERT.replace("{id}", id).replace("{retired_at}", retired_at)
}

/// Registered and retired by somebody, all between our look and our record: the machine must not
/// come back, although nothing live is in the way.
#[actix::test]
async fn a_machine_that_is_registered_and_retired_meanwhile_stays_retired() {
    let test = TestBroker::start(&rule("runners", &["main"], "")).await;
    let sql = test.sql().await;
    let outcome = log_in_while(&test, MACHINE, async move {
        sql.execute_unprepared(&insert("'2026-11-24T00:00:01+00:00'")).await.unwrap();
    });
    let Err(BrokerError::Denied(Denied::Agent { reason, .. })) = outcome.await.0 else {
        panic!("a retired machine came back");
    };
    assert_eq!(reason, Refused::InstanceRetired);
    let sql = test.sql().await;
    assert_eq!(count(&sql, "SELECT count(*) FROM resource WHERE retired_at IS NULL").await, 0);
    assert_eq!(count(&sql, "SELECT count(*) FROM issued_token").await, 0);
}

#[actix::test]
async fn a_machine_that_is_registered_meanwhile_goes_by_that() {
    let test = TestBroker::start(&rule("runners", &["main"], "")).await;
    let sql = test.sql().await;
    let outcome = log_in_while(&test, MACHINE, async move {
        sql.execute_unprepared(&insert("NULL")).await.unwrap();
    });
    let Err(BrokerError::Denied(Denied::Agent { reason, .. })) = outcome.await.0 else {
        panic!("the rule overruled a registration");
    };
    assert_eq!(reason, Refused::AgentUnknown { agents: Vec::new() });
}

#[actix::test]
async fn two_brokers_on_one_database_enrol_a_machine_once() {
    let toml = rule("runners", &["main", "dev"], "");
    let test = TestBroker::start(&toml).await;
    let other = test.beside(&toml).await;
    let brokers = [test.service.broker(), other.broker()];
    let logins = (0..16).map(|index| {
        let name = if index % 4 < 2 { "main" } else { "dev" };
        authenticate(brokers[index % 2], login(&test, MACHINE, name))
    });
    for granted in join_all(logins).await {
        granted.unwrap();
    }
    let sql = test.sql().await;
    assert_eq!(count(&sql, "SELECT count(*) FROM resource").await, 1);
    assert_eq!(count(&sql, "SELECT count(*) FROM issued_token").await, 16);
    other.stop().await;
}
