//! What would a login cost if it were nothing but its parts? Each of them alone, in this process:
//! no threads to wake but the database's own, no queue, no HTTP.
//!
//! Beside the whole login's processor time in the broker, measured in the same run, they tell what
//! the way from part to part costs.

use std::path::Path;
use std::time::{Duration, Instant};

use callsign::config;
use callsign::database::Database;
use callsign::directory::Agent;
use callsign::directory::selection::{LiveResource, RootAgent, select};
use callsign::emulator::aws::{AwsSigner, MachineFacts};
use callsign::event::AsOf;
use callsign::identity::{AwsKind, AwsPolicy, AwsTrust, IdentityProof, Policy, Trust, verify};
use callsign::names::{InstanceId, Provider, new_id};
use callsign::token::TokenSettings;
use callsign::token::keys::SigningKey;
use callsign::token::mint::mint;
use chrono::{DateTime, TimeDelta, Utc};
use entity::{agent, auth_event, issued_token, resource, signing_key};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectOptions, DatabaseConnection, EntityTrait as _, QueryFilter as _,
    TransactionTrait as _,
};
use serde_json::json;
use zeroize::Zeroizing;

use super::broker::processor_time;

/// Registered machines, each with one agent.
const MACHINES: usize = 500;

/// Logins that share a commit: as many as the closed loop has under way.
const GROUP: usize = 64;

/// How long each part is measured: a hundred of the kernel's ticks.
const TIME: Duration = Duration::from_secs(1);

/// Processor time of each part of a login but HTTP's.
pub(super) struct Parts {
    pub(super) check: Duration,
    pub(super) lookup: Duration,
    pub(super) signature: Duration,
    pub(super) insert: Duration,
}

impl Parts {
    /// Measures them with a database in this folder.
    pub(super) async fn measure(dir: &Path) -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (check, agent) = check(now);
        let signature = signature(agent, now);
        let books = Books::open(&dir.join("parts.db"), now).await;
        Self { check, signature, lookup: books.look().await, insert: books.insert().await }
    }

    pub(super) fn sum(&self) -> Duration {
        self.check + self.lookup + self.signature + self.insert
    }
}

/// A proof from base64 to the verified machine, and the agent that this one speaks for.
fn check(now: DateTime<Utc>) -> (Duration, Agent) {
    let signer = AwsSigner::generate().unwrap();
    let machine = MachineFacts {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        instance_id: InstanceId::parse(Provider::Aws, &instance_id(0)).unwrap(),
    };
    let mut aws = AwsTrust::builtin().unwrap();
    aws.merge(AwsTrust::parse(&signer.trust_toml("us-east-1").unwrap()).unwrap());
    let trust = Trust { aws, ..Trust::default() };
    let aws = AwsPolicy { accept: [AwsKind::Rsa2048].into(), ..AwsPolicy::default() };
    let policy = Policy { leeway: TimeDelta::seconds(60), aws, ..Policy::default() };
    let pkcs7 = signer.rsa2048(&signer.document(&machine, now), now).unwrap();
    let check = || {
        let proof = IdentityProof::aws_pkcs7(&pkcs7).unwrap();
        verify(&proof, &trust, &policy, now).unwrap()
    };
    let root = RootAgent { id: new_id(now), name: "main".to_owned() };
    let live = LiveResource {
        id: new_id(now),
        name: "m0".to_owned(),
        account: String::new(),
        root_agents: vec![root],
        as_of: AsOf::UNKNOWN,
    };
    let agent = select(Some(live), check(), Some("main")).unwrap();
    (repeat(|| drop(check())), agent)
}

fn signature(agent: Agent, now: DateTime<Utc>) -> Duration {
    let pkcs8 = SigningKey::generate(&Zeroizing::new([7; 32])).unwrap();
    let key = SigningKey::parse(&pkcs8).unwrap();
    let settings = TokenSettings {
        issuer: "http://127.0.0.1:7480".to_owned(),
        audience: vec!["callsign".to_owned()],
        lifetime: TimeDelta::hours(1),
    };
    repeat(|| drop(mint(agent.clone(), &key, &settings, now).unwrap()))
}

/// A database with the broker's schema and settings, and one connection to it.
struct Books {
    connection: DatabaseConnection,
    agents: Vec<agent::ActiveModel>,
    now: DateTime<Utc>,
}

impl Books {
    async fn open(file: &Path, now: DateTime<Utc>) -> Self {
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let schema = Database::open(&config::Database { url: url.clone() }).await.unwrap();
        schema.close().await.unwrap();
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).test_before_acquire(false).sqlx_logging(false);
        options.map_sqlx_sqlite_opts(|sqlite| {
            let sqlite = sqlite.foreign_keys(true).pragma("journal_mode", "WAL");
            sqlite.pragma("synchronous", "FULL").pragma("temp_store", "MEMORY")
        });
        let connection = sea_orm::Database::connect(options).await.unwrap();
        let resources: Vec<_> = (0..MACHINES).map(|number| resource_row(number, now)).collect();
        let agents: Vec<_> = resources.iter().map(|resource| agent_row(resource, now)).collect();
        let key = signing_key::ActiveModel {
            id: Set("key".to_owned()),
            sealed_key: Set(Vec::new()),
            created_at: Set(now),
            retired_at: Set(None),
        };
        signing_key::Entity::insert(key).exec_without_returning(&connection).await.unwrap();
        resource::Entity::insert_many(resources).exec_without_returning(&connection).await.unwrap();
        agent::Entity::insert_many(agents.clone())
            .exec_without_returning(&connection)
            .await
            .unwrap();
        Self { connection, agents, now }
    }

    /// One machine with its agents, by the index of what is live.
    async fn look(&self) -> Duration {
        let mut machine = 0;
        repeat_later(async || {
            machine = (machine + 1) % MACHINES;
            let found = resource::Entity::find()
                .filter(resource::Column::Provider.eq("aws"))
                .filter(resource::Column::InstanceId.eq(instance_id(machine)))
                .filter(resource::Column::RetiredAt.is_null())
                .find_also_related(agent::Entity)
                .all(&self.connection)
                .await;
            assert_eq!(found.unwrap().len(), 1);
        })
        .await
    }

    /// A token's record and its event, as one of a group in a durable commit.
    async fn insert(&self) -> Duration {
        let group = repeat_later(async || {
            let agents = self.agents.iter().take(GROUP);
            let (tokens, events): (Vec<_>, Vec<_>) = agents
                .map(|agent| (token_row(agent, self.now), event_row(agent, self.now)))
                .unzip();
            let transaction = self.connection.begin().await.unwrap();
            issued_token::Entity::insert_many(tokens)
                .exec_without_returning(&transaction)
                .await
                .unwrap();
            auth_event::Entity::insert_many(events)
                .exec_without_returning(&transaction)
                .await
                .unwrap();
            transaction.commit().await.unwrap();
        });
        group.await / GROUP as u32
    }
}

fn instance_id(number: usize) -> String {
    format!("i-{number:017x}")
}

fn resource_row(number: usize, now: DateTime<Utc>) -> resource::ActiveModel {
    resource::ActiveModel {
        id: Set(new_id(now)),
        provider: Set("aws".to_owned()),
        instance_id: Set(instance_id(number)),
        account: Set(String::new()),
        name: Set(format!("m{number}")),
        generation: Set(String::new()),
        labels: Set(json!({})),
        origin: Set("file".to_owned()),
        created_at: Set(now),
        retired_at: Set(None),
    }
}

fn agent_row(resource: &resource::ActiveModel, now: DateTime<Utc>) -> agent::ActiveModel {
    agent::ActiveModel {
        id: Set(new_id(now)),
        resource_id: resource.id.clone(),
        parent_id: Set(None),
        name: Set("main".to_owned()),
        last_seen_at: Set(None),
        created_at: Set(now),
        retired_at: Set(None),
    }
}

fn token_row(agent: &agent::ActiveModel, now: DateTime<Utc>) -> issued_token::ActiveModel {
    issued_token::ActiveModel {
        id: Set(new_id(now)),
        agent_id: agent.id.clone(),
        key_id: Set("key".to_owned()),
        proof_kind: Set("aws:rsa2048".to_owned()),
        issued_at: Set(now),
        expires_at: Set(now),
    }
}

fn event_row(agent: &agent::ActiveModel, now: DateTime<Utc>) -> auth_event::ActiveModel {
    auth_event::ActiveModel {
        seq: NotSet,
        id: Set(new_id(now)),
        at: Set(now),
        kind: Set("login-granted".to_owned()),
        request_id: Set(Some(new_id(now).to_string())),
        resource_id: Set(agent.resource_id.clone().take()),
        agent_id: Set(agent.id.clone().take()),
        // As long as a granted login's.
        body: Set("x".repeat(420)),
    }
}

fn repeat(mut part: impl FnMut()) -> Duration {
    let (begun, before, mut times) = (Instant::now(), processor_time("self"), 0);
    while begun.elapsed() < TIME {
        part();
        times += 1;
    }
    (processor_time("self") - before) / times
}

async fn repeat_later(mut part: impl AsyncFnMut()) -> Duration {
    part().await;
    let (begun, before, mut times) = (Instant::now(), processor_time("self"), 0);
    while begun.elapsed() < TIME {
        part().await;
        times += 1;
    }
    (processor_time("self") - before) / times
}
