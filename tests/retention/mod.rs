//! Does what is over go, and nothing else, whoever is killed, stopped or in a hurry meanwhile?

mod enrolled_anew;
mod logins;
mod removal;
mod runs;

use std::time::Duration;

use callsign::config::{self, Config};
use callsign::database::Database;
use callsign::directory::Rules;
use callsign::event::Bus;
use callsign::metrics::Metrics;
use callsign::retention::{Keeper, Pace, Parts};
use chrono::TimeDelta;
use entity::{agent, issued_token, resource};
use sea_orm::{ActiveModelTrait, ConnectionTrait as _, EntityTrait, Statement};
use tokio::sync::watch;
use uuid::Uuid;

use crate::support::clock::FixedClock;
use crate::support::database::{self, Opened};
use crate::support::rows;

const KEY: &str = "kid";

/// A database with a past, and keepers that look after it.
struct Scene {
    opened: Opened,
    clock: FixedClock,
    bus: Bus,
    metrics: Metrics,
    retention: config::Retention,
    rules: Rules,
    /// Keepers run until this is dropped, or says so.
    stop: watch::Sender<bool>,
}

impl Scene {
    /// A database whose keepers have noted the time before, so that the next look removes.
    async fn set(toml: &str) -> Self {
        let scene = Self::new(toml).await;
        scene.insert(rows::signing_key(KEY)).await;
        assert!(!scene.keeper(1).look().await.unwrap());
        scene.clock.move_by(TimeDelta::hours(1));
        scene
    }

    /// A database that no keeper has seen.
    async fn new(toml: &str) -> Self {
        Self {
            opened: Opened::new().await,
            clock: FixedClock::at(rows::now()),
            bus: Bus::new(16),
            metrics: Metrics::new(),
            retention: configured(toml),
            rules: Rules::default(),
            stop: watch::Sender::new(false),
        }
    }

    /// A keeper that removes so many rows at once.
    fn keeper(&self, rows: u64) -> Keeper {
        self.keeper_on(self.opened.database.clone(), Pace { rows, rest: 0 })
    }

    fn keeper_on(&self, database: Database, pace: Pace) -> Keeper {
        let parts = Parts {
            database,
            retention: self.retention,
            leeway: Duration::from_secs(60),
            rules: self.rules.clone(),
            clock: self.clock.clock(),
            bus: self.bus.clone(),
            metrics: self.metrics.clone(),
            random: || 0.0,
        };
        Keeper::new(parts, pace, self.stop.subscribe())
    }

    async fn insert<E: EntityTrait>(&self, row: impl ActiveModelTrait<Entity = E>) {
        E::insert(row).exec_without_returning(&self.opened.sql).await.unwrap();
    }

    /// A registration that was retired so many days ago, or is live.
    async fn resource(&self, instance_id: &str, retired: Option<i64>) -> Uuid {
        let row = rows::resource(instance_id, retired.map(|days| self.ago(days)));
        let id = row.id.clone().unwrap();
        self.insert::<resource::Entity>(row).await;
        id
    }

    /// An agent that was retired so many days ago, or is live.
    async fn agent(
        &self,
        on: Uuid,
        parent: Option<Uuid>,
        name: &str,
        retired: Option<i64>,
    ) -> Uuid {
        let mut row = rows::agent(on, name, retired.map(|days| self.ago(days)));
        row.parent_id = sea_orm::ActiveValue::Set(parent);
        let id = row.id.clone().unwrap();
        self.insert::<agent::Entity>(row).await;
        id
    }

    /// The record of a token that was issued so many days ago.
    async fn token(&self, of: Uuid, issued: i64) -> Uuid {
        let row = rows::token(of, KEY, self.ago(issued));
        let id = row.id.clone().unwrap();
        self.insert::<issued_token::Entity>(row).await;
        id
    }

    fn ago(&self, days: i64) -> chrono::DateTime<chrono::Utc> {
        self.clock.now() - TimeDelta::days(days)
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        database::texts(&self.opened.sql, sql).await
    }

    async fn count(&self, table: &str) -> i64 {
        let backend = self.opened.sql.get_database_backend();
        let statement = Statement::from_string(backend, format!("SELECT count(*) FROM {table}"));
        let row = self.opened.sql.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// The audit log's runs.
    async fn runs(&self) -> Vec<serde_json::Value> {
        let sql = "SELECT body FROM auth_event WHERE kind = 'retention-ran' ORDER BY seq";
        let bodies = self.texts(sql).await;
        bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }
}

fn configured(toml: &str) -> config::Retention {
    let text = format!("[retention]\n{toml}");
    Config::parse([("a.toml".as_ref(), text.as_str())], []).unwrap().retention
}
