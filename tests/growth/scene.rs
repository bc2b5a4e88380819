//! A broker without a front door, whose statements are taken down.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use callsign::broker::Broker;
use callsign::broker::limits::Limits;
use callsign::broker::system::{Rooms, System};
use callsign::config::{self, Config};
use callsign::database::Database;
use callsign::event::actor::RecorderSettings;
use callsign::identity::{AwsKind, AwsPolicy, AwsTrust, Policy, Trust};
use callsign::metrics::Metrics;
use callsign::token::{SealingKey, TokenSettings, open_key_ring};
use chrono::TimeDelta;
use sea_orm::{ConnectOptions, DatabaseConnection};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::support::clock::FixedClock;
use crate::support::{database, machine};

pub struct Scene {
    pub broker: Broker,
    pub clock: FixedClock,
    pub database: Database,
    /// The same database, seen without the broker.
    pub sql: DatabaseConnection,
    statements: Arc<Mutex<BTreeSet<String>>>,
    system: System,
    _folder: TempDir,
}

impl Scene {
    pub async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        database::prepare(folder.path()).await;
        let url = database::url(folder.path());
        let statements: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let heard = Arc::clone(&statements);
        let database = Database::open(&config::Database { url: url.clone() }).await.unwrap();
        let database = database.telling(move |sql| {
            heard.lock().unwrap().insert(sql.to_owned());
        });
        let clock = FixedClock::default();
        let system = start(&database, &clock).await;
        Self {
            broker: system.broker().clone(),
            clock,
            database,
            // One connection: what is set or prepared on it is there for the next statement.
            sql: sea_orm::Database::connect(one(url)).await.unwrap(),
            statements,
            system,
            _folder: folder,
        }
    }

    /// Every statement that has run so far, once.
    pub fn statements(&self) -> BTreeSet<String> {
        self.statements.lock().unwrap().clone()
    }

    pub async fn stop(self) {
        self.system.stop().await;
    }
}

fn one(url: String) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1);
    options
}

async fn start(database: &Database, clock: &FixedClock) -> System {
    let seal = SealingKey::new(Zeroizing::new([7; 32]));
    let keys = open_key_ring(database, &seal, clock.now()).await.unwrap();
    let config = Config::parse([], []).unwrap();
    Rooms {
        trust: Arc::new(Trust {
            aws: AwsTrust::parse(&machine::AWS.trust_toml(machine::REGION).unwrap()).unwrap(),
            ..Trust::default()
        }),
        policy: Arc::new(Policy {
            leeway: TimeDelta::seconds(60),
            aws: AwsPolicy { accept: [AwsKind::Rsa2048].into(), ..AwsPolicy::default() },
            ..Policy::default()
        }),
        settings: TokenSettings {
            issuer: config.token.issuer.clone(),
            audience: config.token.audience.clone(),
            lifetime: TimeDelta::hours(1),
        },
        keys: Arc::new(keys),
        limits: Limits::new(&config.limits),
        recorder: RecorderSettings::default(),
        database: database.clone(),
        clock: clock.clock(),
        metrics: Metrics::new(),
    }
    .start()
}
