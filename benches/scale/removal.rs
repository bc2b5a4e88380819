//! Do logins notice that what is over is removed meanwhile?

use std::time::{Duration, Instant};

use callsign::clock::Clock;
use callsign::config::Config;
use callsign::names::new_id;
use callsign::retention::{Keeper, Pace, Parts};
use chrono::TimeDelta;
use entity::{agent, issued_token, signing_key};
use sea_orm::ActiveValue::Set;
use sea_orm::{DatabaseConnection, EntityTrait as _};
use tokio::sync::watch;

use super::scene::Scene;

/// Rows in one statement.
const TOGETHER: usize = 1_000;

pub(super) async fn run(scene: &Scene, expired: usize) {
    let sql = sea_orm::Database::connect(scene.url()).await.unwrap();
    insert_expired(&sql, expired).await;
    sql.close().await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    let begun = Clock::system().now();
    let clock = move |hours| Clock::from_fn(move || begun + TimeDelta::hours(hours));
    let mut keeper = keeper(scene, clock(0), stopped.clone());
    keeper.look().await.unwrap();
    let mut keeper = self::keeper(scene, clock(1), stopped);

    let quiet = scene.log_in_alone().await;
    let begun = Instant::now();
    let removing = actix_web::rt::spawn(async move { keeper.look().await.unwrap() });
    let mut meanwhile = Vec::new();
    while !removing.is_finished() {
        meanwhile.extend(scene.log_in_alone().await);
    }
    let took = begun.elapsed().as_secs_f64();
    assert!(removing.await.unwrap(), "nothing was removed");
    println!(
        "{expired} expired tokens were removed in about {took:.0} s; a login took {} before and {} \
         meanwhile (p50/p99/max).",
        quantiles(quiet),
        quantiles(meanwhile)
    );
}

async fn insert_expired(sql: &DatabaseConnection, expired: usize) {
    let agent = agent::Entity::find().one(sql).await.unwrap().unwrap();
    let key = signing_key::Entity::find().one(sql).await.unwrap().unwrap();
    let issued_at = Clock::system().now() - TimeDelta::days(30);
    let row = || issued_token::ActiveModel {
        id: Set(new_id(issued_at)),
        agent_id: Set(agent.id),
        key_id: Set(key.id.clone()),
        proof_kind: Set("aws:rsa2048".to_owned()),
        issued_at: Set(issued_at),
        expires_at: Set(issued_at + TimeDelta::hours(1)),
    };
    let mut left = expired;
    while left > 0 {
        let rows = left.min(TOGETHER);
        let rows = issued_token::Entity::insert_many((0..rows).map(|_| row()));
        rows.exec_without_returning(sql).await.unwrap();
        left = left.saturating_sub(TOGETHER);
    }
}

fn keeper(scene: &Scene, clock: Clock, stop: watch::Receiver<bool>) -> Keeper {
    let parts = Parts {
        database: scene.database.clone(),
        retention: Config::parse([], []).unwrap().retention,
        leeway: Duration::from_secs(60),
        rules: scene.broker.rules.clone(),
        clock,
        bus: scene.broker.bus.clone(),
        metrics: scene.broker.metrics.clone(),
        random: || 0.0,
    };
    Keeper::new(parts, Pace::default(), stop)
}

fn quantiles(mut latencies: Vec<Duration>) -> String {
    latencies.sort_unstable();
    let at = |part: usize| super::milliseconds(latencies[(latencies.len() - 1) * part / 100]);
    format!("{:.2}/{:.2}/{:.2} ms", at(50), at(99), at(100))
}
