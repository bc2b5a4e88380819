//! Logins while it is removed what is over.

use std::cell::Cell;
use std::time::Duration;

use callsign::config::Config;
use callsign::directory::Rules;
use callsign::event::Bus;
use callsign::metrics::Metrics;
use callsign::retention::{Keeper, Pace, Parts};
use chrono::TimeDelta;
use entity::{agent, issued_token, signing_key};
use futures_util::future::join;
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use tokio::sync::watch;

use crate::support::broker::{TestBroker, resource};
use crate::support::machine::AwsMachine;
use crate::support::rows;

const MACHINE: &str = "i-0123456789abcdef0";
const EXPIRED: u64 = 1_000;

#[actix::test]
async fn logins_go_through_while_old_tokens_are_removed_and_their_tokens_stand() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let sql = broker.sql().await;
    let agent = agent::Entity::find().one(&sql).await.unwrap().unwrap();
    let key = signing_key::Entity::find().one(&sql).await.unwrap().unwrap();
    let long_ago = broker.clock.now() - TimeDelta::days(30);
    let old = (0..EXPIRED).map(|_| rows::token(agent.id, &key.id, long_ago));
    issued_token::Entity::insert_many(old).exec_without_returning(&sql).await.unwrap();

    let (_stop, stopped) = watch::channel(false);
    let parts = Parts {
        database: broker.database().await,
        retention: Config::parse([], []).unwrap().retention,
        leeway: Duration::from_secs(60),
        rules: Rules::default(),
        clock: broker.clock.clock(),
        bus: Bus::new(16),
        metrics: Metrics::new(),
        random: || 0.0,
    };
    // It rests as it does in service: without that, whether a login comes in between is luck.
    let pace = Pace { rows: 20, ..Pace::default() };
    let mut keeper = Keeper::new(parts, pace, stopped);
    assert!(!keeper.look().await.unwrap());
    broker.clock.move_by(TimeDelta::hours(1));
    let machine = AwsMachine::new(MACHINE);
    let is_over = Cell::new(false);
    let removal = async {
        let ran = keeper.look().await;
        is_over.set(true);
        ran
    };
    let logins = async {
        let mut tokens = Vec::new();
        while !is_over.get() {
            tokens.push(broker.token(&machine, Some("main")).await);
        }
        tokens
    };
    let (ran, tokens) = join(removal, logins).await;
    assert!(ran.unwrap());
    assert!(tokens.len() > 1, "no login came between two batches");
    assert_eq!(issued_token::Entity::find().count(&sql).await.unwrap(), tokens.len() as u64);
    for token in tokens {
        assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 200);
    }
}
