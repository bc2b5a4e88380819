//! A broker without a front door, whose statements are taken down.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use callsign::broker::Broker;
use callsign::broker::system::{Rooms, System};
use callsign::config::{self, Config};
use callsign::database::Database;
use callsign::identity::{AwsTrust, Trust};
use callsign::token::{SealingKey, open_key_ring};
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

    /// Those that run for the first time while this is done.
    pub async fn statements_of(&self, work: impl Future<Output = ()>) -> BTreeSet<String> {
        let before = self.statements();
        work.await;
        &self.statements() - &before
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
    let aws = AwsTrust::parse(&machine::AWS.trust_toml(machine::REGION).unwrap()).unwrap();
    let trust = Trust { aws, ..Trust::default() };
    Rooms::of(&config, trust, keys, database.clone(), clock.clock()).start()
}
