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
/// Rows of one run, and as many of them in one batch: a run of a hundred batches.
const EXPIRED: u64 = 2_000;
const BATCH: u64 = 20;

/// Logins that are to begin and end within one run, and the runs in which that must come about. How
/// many do so in one run is for the machine to say.
const ENOUGH: usize = 3;
const MOST_RUNS: usize = 50;

#[actix::test]
async fn logins_go_through_while_old_tokens_are_removed_and_their_tokens_stand() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let sql = broker.sql().await;
    let agent = agent::Entity::find().one(&sql).await.unwrap().unwrap();
    let key = signing_key::Entity::find().one(&sql).await.unwrap().unwrap();
    let long_ago = broker.clock.now() - TimeDelta::days(30);
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
    // It rests as it does in service.
    let mut keeper = Keeper::new(parts, Pace { rows: BATCH, ..Pace::default() }, stopped);
    assert!(!keeper.look().await.unwrap());
    let machine = AwsMachine::new(MACHINE);
    let (mut given, mut within_a_run) = (0, 0);
    for _ in 0..MOST_RUNS {
        let old = (0..EXPIRED).map(|_| rows::token(agent.id, &key.id, long_ago));
        issued_token::Entity::insert_many(old).exec_without_returning(&sql).await.unwrap();
        broker.clock.move_by(TimeDelta::hours(1));
        let is_over = Cell::new(false);
        let run = async {
            let ran = keeper.look().await;
            is_over.set(true);
            ran
        };
        let logins = async {
            let (mut tokens, mut within) = (Vec::new(), 0);
            while !is_over.get() {
                tokens.push(broker.token(&machine, Some("main")).await);
                within += usize::from(!is_over.get());
            }
            (tokens, within)
        };
        let (ran, (tokens, within)) = join(run, logins).await;
        assert!(ran.unwrap());
        given += tokens.len();
        assert_eq!(issued_token::Entity::find().count(&sql).await.unwrap(), given as u64);
        for token in tokens {
            assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 200);
        }
        within_a_run = within.max(within_a_run);
        if within_a_run >= ENOUGH {
            return;
        }
    }
    panic!("{within_a_run} logins at most came between the batches of a run");
}
