//! An agent that is retired between the look and the record gets no token: the record decides.

use callsign::broker::authenticate::GrantedLogin;
use callsign::broker::deploy::deploy;
use callsign::broker::error::{BrokerError, Denied, LoginError};
use callsign::directory::Refused;
use sea_orm::ConnectionTrait as _;

use crate::support::broker::{TestBroker, declared, resource};
use crate::support::meanwhile::log_in_while;

const MACHINE: &str = "i-0123456789abcdef0";

/// Logs `main` in while the registrations become these.
async fn log_in_while_they_become(
    test: &TestBroker,
    becomes: &str,
) -> (Result<GrantedLogin, LoginError>, usize) {
    let (broker, becomes) = (test.service.broker().clone(), declared(becomes));
    let meanwhile = async move {
        deploy(&broker, &becomes).await.unwrap();
    };
    log_in_while(test, MACHINE, meanwhile).await
}

fn reason(outcome: Result<GrantedLogin, LoginError>) -> Refused {
    match outcome {
        Err(BrokerError::Denied(Denied::Agent { reason, .. })) => reason,
        outcome => panic!("{outcome:?}"),
    }
}

#[actix::test]
async fn a_machine_that_is_retired_meanwhile_is_refused() {
    let test = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let (outcome, minted) = log_in_while_they_become(&test, "").await;
    assert_eq!((reason(outcome), minted), (Refused::InstanceRetired, 1));
}

/// Whoever it is that ends it, and by whatever statement.
#[actix::test]
async fn an_agent_that_ends_meanwhile_behind_the_brokers_back_gets_no_token() {
    let unknown = Refused::AgentUnknown { agents: Vec::new() };
    for (ending, refused) in [
        ("UPDATE agent SET retired_at = '2026-11-24T00:00:00+00:00'", unknown.clone()),
        ("DELETE FROM agent", unknown),
        ("DELETE FROM resource", Refused::InstanceUnknown),
    ] {
        let test = TestBroker::start(&resource(MACHINE, &["main"])).await;
        let sql = test.sql().await;
        let meanwhile = async move {
            sql.execute_unprepared(ending).await.unwrap();
        };
        let (outcome, minted) = log_in_while(&test, MACHINE, meanwhile).await;
        assert_eq!((reason(outcome), minted), (refused, 1), "{ending}");
    }
}

#[actix::test]
async fn a_neighbour_that_is_retired_meanwhile_takes_no_other_agent_down() {
    let test = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
    let (outcome, minted) = log_in_while_they_become(&test, &resource(MACHINE, &["main"])).await;
    assert_eq!((outcome.unwrap().token().agent().name(), minted), ("main", 1));
}

#[actix::test]
async fn a_generation_that_begins_meanwhile_gives_the_token() {
    let test = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let anew = resource(MACHINE, &["main"])
        .replace("name = \"machine\"", "name = \"m\"\ngeneration = \"2\"");
    let (outcome, minted) = log_in_while_they_become(&test, &anew).await;
    let granted = outcome.unwrap();
    assert_eq!(minted, 2);
    let me = test.get_as("/v1/agents/me", granted.token().jwt()).await;
    assert_eq!(me.json()["resource"]["name"], "m");
}
