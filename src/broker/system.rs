//! How does the broker come up and go down? Everything it needs is opened, every actor is started
//! and introduced to those it talks to, and all of it ends in order.
//!
//! With `desk`, this is the one place that holds actor addresses; everybody else gets mailboxes.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Arbiter, Context};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Broker;
use super::desk::{Desk, Stateless};
use super::entrance::{self, Entrance};
use super::keys::{OpenKeys, challenger, open_keys};
use super::limits::Limits;
use super::retention::{self, Keeping};
use super::settings;
use super::trust::{self, TrustSourceError};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::database::{Database, OpenError};
use crate::directory::Rules;
use crate::directory::actor::Directory;
use crate::event::actor::{Recorder, RecorderSettings};
use crate::event::{AuthEvent, Bus, Happening};
use crate::identity::{CurrentKeys, Policy, SourceError, Trust, Verifier};
use crate::mailbox::{Gate, Lifeline, Mailbox};
use crate::metrics::Metrics;
use crate::names::Provider;
use crate::token::actor::Minter;
use crate::token::jwks::JwkSet;
use crate::token::sealing_file::SealingFileError;
use crate::token::{KeyRing, KeyStoreError, SealingKey, TokenSettings};

/// Requests that one actor takes on at a time: every login's, and as many of other kinds.
const PLACES: usize = 2 * entrance::MOST;

/// How long a request to an actor may take. Callers give up soon after.
const DEADLINE: Duration = Duration::from_secs(5);

/// How long the database may take to close, and the decision log to end. What hangs must not hold the
/// process up.
pub(crate) const CLOSING: Duration = Duration::from_secs(1);

/// Events that a subscriber may lag behind before it misses some.
const BACKLOG: usize = 4096;

/// A running broker, without its front door.
#[derive(Debug)]
pub struct System {
    desk: Desk,
    database: Database,
    jwks: JwkSet,
    arbiters: Vec<Arbiter>,
    background: Vec<JoinHandle<()>>,
    keeping: Option<Keeping>,
    deaths: mpsc::UnboundedReceiver<&'static str>,
}

impl System {
    /// Opens what the configuration names and starts the actors. `sealing_key` is the one that the
    /// environment gave, if it gave one.
    ///
    /// # Errors
    /// [`StartError`], with what to do about it. Nothing runs then.
    pub async fn start(
        config: &Config,
        sealing_key: Option<SealingKey>,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let mut trust = trust::load(&config.identity)?;
        trust::warn(&trust, &config.identity, clock.now());
        let database = Database::open(&config.database).await?;
        let keys = match open_keys(config, sealing_key, &database, clock.now()).await {
            Ok(OpenKeys { signing, challenges }) => {
                trust.challenger = Some(challenger(&challenges, &config.http.public_url));
                signing
            }
            Err(error) => {
                // Nothing is left open, or lying about, by a broker that does not start.
                let _ = database.close().await;
                return Err(error);
            }
        };
        let rooms = Rooms::of(config, trust, keys, database, clock);
        let google_keys = rooms.trust.google.clone();
        let mut system = rooms.start();
        if let Err(error) = system.begin(&config.identity.google, google_keys).await {
            system.stop().await;
            return Err(error);
        }
        system.keeping = Some(retention::keep(system.broker(), &system.database, config));
        Ok(system)
    }

    /// The flow.
    pub fn broker(&self) -> &Broker {
        &self.desk.shared
    }

    /// The same flow, for each thread that serves.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The database that everything is kept in.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The published keys.
    pub fn jwks(&self) -> &JwkSet {
        &self.jwks
    }

    /// Waits until an actor dies, and tells which. It must not be survived: the process ends, and
    /// whoever supervises it starts a whole one.
    pub async fn death(&mut self) -> &'static str {
        match self.deaths.recv().await {
            Some(name) => name,
            // Every actor holds a sender, so with none left there is none left.
            None => "last actor",
        }
    }

    /// Closes the database, tells the last decisions and stops the actors. Stop the front door first.
    ///
    /// In this order: a connection comes back on the thread that took it, so with that thread gone
    /// nobody would wait for a commit under way, nor for SQLite to clear its files away.
    pub async fn stop(self) {
        let Self { desk, database, arbiters, background, keeping, .. } = self;
        if let Some(keeping) = keeping {
            keeping.stop().await;
        }
        for task in &background {
            task.abort();
        }
        match timeout(CLOSING, database.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the database did not close cleanly"),
            Err(_elapsed) => tracing::warn!("the database did not close in time"),
        }
        // Nothing more is decided. What was is told before the process ends.
        if timeout(CLOSING, desk.shared.bus.all_heard()).await.is_err() {
            tracing::warn!("the last decisions are not logged; the audit log has them all");
        }
        for arbiter in &arbiters {
            arbiter.stop();
        }
    }

    /// The first things that the actors do, before anybody asks.
    async fn begin(
        &mut self,
        google: &config::Google,
        keys: Option<CurrentKeys>,
    ) -> Result<(), StartError> {
        self.announce().await?;
        let clock = self.broker().clock.clone();
        self.background.push(super::answers::forget(self.database.clone(), clock.clone()));
        if let Some(keys) = keys {
            self.background.push(super::google_keys::keep(google, keys, clock).await?);
        }
        Ok(())
    }

    async fn announce(&self) -> Result<(), StartError> {
        let started = Happening::BrokerStarted { version: env!("CARGO_PKG_VERSION") };
        let event = Arc::new(AuthEvent::new(self.broker().clock.now(), None, started));
        let record = crate::event::Record(event.clone());
        let recorded = self.broker().record.ask(record).await.map_err(|error| error.to_string());
        recorded
            .and_then(|recorded| recorded.map_err(|error| error.to_string()))
            .map_err(StartError::NotRecorded)?;
        self.broker().bus.publish(event);
        Ok(())
    }
}

/// What the actors are made of.
#[derive(Debug)]
pub struct Rooms {
    /// Whose signatures count.
    pub trust: Arc<Trust>,
    /// Which machines are allowed.
    pub policy: Arc<Policy>,
    /// What every token has in common.
    pub settings: TokenSettings,
    /// The keys that sign.
    pub keys: Arc<KeyRing>,
    /// How records are grouped.
    pub recorder: RecorderSettings,
    /// How often a machine may log in.
    pub limits: Limits,
    /// Where everything is kept.
    pub database: Database,
    /// What time it is.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Metrics,
}

impl Rooms {
    /// What the configuration says, with what was opened by it.
    pub fn of(
        config: &Config,
        trust: Trust,
        keys: KeyRing,
        database: Database,
        clock: Clock,
    ) -> Self {
        Self {
            trust: Arc::new(trust),
            policy: Arc::new(settings::policy(&config.identity)),
            settings: settings::of_tokens(&config.token),
            keys: Arc::new(keys),
            recorder: RecorderSettings::default(),
            limits: Limits::new(&config.limits),
            database,
            clock,
            metrics: Metrics::new(),
        }
    }

    /// Starts the actors, each on a thread of its own.
    pub fn start(self) -> System {
        let (death_notices, deaths) = mpsc::unbounded_channel();
        let arbiters: Vec<Arbiter> = (0..4).map(|_| Arbiter::new()).collect();
        let mut homes = arbiters.iter().map(Arbiter::handle);
        let mut home = || homes.next().unwrap_or_else(Arbiter::current);

        let Self { trust, policy, settings, keys, recorder, limits, database, clock, metrics } =
            self;
        let jwks = JwkSet::of(&keys);
        let stateless = Stateless {
            trust,
            policy,
            settings,
            keys,
            database: database.clone(),
            rules: Rules::default(),
            clock: clock.clone(),
            deaths: death_notices.clone(),
        };
        let verifier = Verifier::start_in_arbiter(&home(), of(&stateless, Stateless::verifier));
        let directory = Directory::start_in_arbiter(&home(), of(&stateless, Stateless::directory));
        let minter = Minter::start_in_arbiter(&home(), of(&stateless, Stateless::minter));
        let recorder = Recorder::start_in_arbiter(&home(), {
            let (database, clock, metrics) = (database.clone(), clock.clone(), metrics.clone());
            let lifeline = Lifeline::watch(&death_notices, "recorder");
            move |_| Recorder::new(database, clock, metrics, recorder, lifeline)
        });

        let gate = |name| Gate::new(name, PLACES, DEADLINE);
        let (verifying, finding) = (gate("verifier"), gate("directory"));
        let (minting, recording) = (gate("minter"), gate("recorder"));
        let bus = Bus::new(BACKLOG);
        actix::spawn(super::log::follow(bus.subscribe(), metrics.clone()));
        let broker = Broker {
            entrance: Entrance::default(),
            verify: Mailbox::new(&verifier, &verifying),
            challenge: Mailbox::new(&verifier, &verifying),
            find: Mailbox::new(&directory, &finding),
            mint: Mailbox::new(&minter, &minting),
            find_sub_agent: Mailbox::new(&directory, &finding),
            delegate: Mailbox::new(&minter, &minting),
            check: Mailbox::new(&minter, &minting),
            check_signing: Mailbox::new(&minter, &minting),
            record: Mailbox::new(&recorder, &recording),
            enrol: Mailbox::new(&recorder, &recording),
            heartbeat: Mailbox::new(&recorder, &recording),
            check_recording: Mailbox::new(&recorder, &recording),
            converge: Mailbox::new(&directory, &finding),
            retire: Mailbox::new(&directory, &finding),
            file_resources: Mailbox::new(&directory, &finding),
            list_resources: Mailbox::new(&directory, &finding),
            list_agents: Mailbox::new(&directory, &finding),
            show_resource: Mailbox::new(&directory, &finding),
            show_agent: Mailbox::new(&directory, &finding),
            pings: vec![
                Mailbox::new(&verifier, &verifying),
                Mailbox::new(&directory, &finding),
                Mailbox::new(&minter, &minting),
                Mailbox::new(&recorder, &recording),
            ],
            trust: stateless.trust.clone(),
            bus,
            rules: stateless.rules.clone(),
            clock,
            limits,
            metrics,
        };
        let desk = Desk { stateless, shared: broker };
        System { desk, database, jwks, arbiters, background: Vec::new(), keeping: None, deaths }
    }
}

/// The providers that the configuration switches on and that this broker speaks.
pub fn enabled_providers(identity: &config::Identity) -> Vec<Provider> {
    let switched = [
        (Provider::Aws, identity.aws.enabled),
        (Provider::Azure, identity.azure.enabled),
        (Provider::Google, identity.google.enabled),
    ];
    switched.into_iter().filter_map(|(provider, on)| on.then_some(provider)).collect()
}

/// One of these actors, made on the thread that it is to live on.
fn of<A>(
    stateless: &Stateless,
    make: fn(&Stateless) -> A,
) -> impl FnOnce(&mut Context<A>) -> A + Send + 'static
where
    A: Actor<Context = Context<A>>,
{
    let stateless = stateless.clone();
    move |_| make(&stateless)
}

/// Why the broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A trust source is unusable.
    #[error(transparent)]
    Trust(#[from] TrustSourceError),
    /// There is no way to Google's keys.
    #[error("Google's keys cannot be kept: {0}")]
    GoogleKeys(#[from] SourceError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The sealing key file is unusable.
    #[error(transparent)]
    SealingFile(#[from] SealingFileError),
    /// The signing keys are unusable.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// There is nowhere to keep the sealing key.
    #[error(
        "no sealing key is given, and there is no SQLite file to keep one beside\n  Set [token] \
         sealing_key_file or CALLSIGN_SEALING_KEY to 32 random bytes in base64: openssl rand \
         -base64 32"
    )]
    NoSealingKey,
    /// The system gave no randomness.
    #[error("the system gave no randomness for a sealing key")]
    Random,
    /// The library derives no key.
    #[error("no key could be derived from the sealing key")]
    NotDerived,
    /// The start itself could not be recorded.
    #[error("the start could not be recorded: {0}")]
    NotRecorded(String),
}
