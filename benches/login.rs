//! What does a whole login cost, from proof to a token that is on disk? All rooms and their
//! actors, SQLite in a file with the durability that the broker runs with, no HTTP.
//!
//! `cargo bench --bench login`
//!
//! `alone` is what one caller waits. `together` has 64 logins under way at a time and tells the
//! rate, with the group commit on (up to 256 records a commit) and off (one).

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to tell")]

use actix_web::rt::{System as Runtime, SystemRunner};
use callsign::broker::Broker;
use callsign::broker::authenticate::{LoginRequest, authenticate};
use callsign::broker::system::{Rooms, System};
use callsign::clock::Clock;
use callsign::config::Config;
use callsign::database::Database;
use callsign::directory::Converge;
use callsign::emulator::aws::{AwsSigner, MachineFacts};
use callsign::event::actor::RecorderSettings;
use callsign::identity::{AwsTrust, IdentityProof, Trust};
use callsign::names::{InstanceId, Provider};
use callsign::token::{SealingKey, open_key_ring};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use futures_util::StreamExt as _;
use tempfile::TempDir;
use zeroize::Zeroizing;

const LOGINS: usize = 2_048;
const UNDER_WAY: usize = 64;

fn main() {
    divan::main();
}

/// A broker without a front door, and a proof that it believes.
struct Scene {
    runtime: SystemRunner,
    broker: Broker,
    pkcs7: String,
    // Dropped last, in this order.
    _system: System,
    _folder: TempDir,
}

impl Scene {
    fn set(commit_size: usize) -> Self {
        let runtime = Runtime::new();
        let folder = tempfile::tempdir().unwrap();
        let signer = AwsSigner::generate().unwrap();
        let system = runtime.block_on(start(&folder, &signer, commit_size));
        Self {
            broker: runtime.block_on(async { system.desk().open() }),
            pkcs7: rsa2048(&signer),
            runtime,
            _system: system,
            _folder: folder,
        }
    }

    async fn log_in(&self, index: usize) {
        let login = LoginRequest {
            request_id: "bench".to_owned(),
            proof: IdentityProof::aws_pkcs7(black_box(&self.pkcs7)).unwrap(),
            agent_name: Some(if index.is_multiple_of(2) { "main" } else { "dev" }.to_owned()),
        };
        black_box(authenticate(&self.broker, login).await.unwrap());
    }

    async fn log_in_together(&self) {
        let logins = (0..LOGINS).map(|index| self.log_in(index));
        futures_util::stream::iter(logins).buffer_unordered(UNDER_WAY).collect::<()>().await;
    }
}

#[divan::bench(sample_count = 500)]
fn alone(bencher: Bencher<'_, '_>) {
    let scene = Scene::set(RecorderSettings::default().commit_size);
    bencher.bench_local(|| scene.runtime.block_on(scene.log_in(0)));
}

#[divan::bench(args = [256, 1], sample_count = 10, sample_size = 1)]
fn together(bencher: Bencher<'_, '_>, commit_size: usize) {
    let scene = Scene::set(commit_size);
    bencher
        .counter(ItemsCount::new(LOGINS))
        .bench_local(|| scene.runtime.block_on(scene.log_in_together()));
}

async fn start(folder: &TempDir, signer: &AwsSigner, commit_size: usize) -> System {
    let clock = Clock::system();
    let config = configuration(folder);
    let database = Database::open(&config.database).await.unwrap();
    let seal = SealingKey::new(Zeroizing::new([7; 32]));
    let keys = open_key_ring(&database, &seal, clock.now()).await.unwrap();
    let aws = AwsTrust::parse(&signer.trust_toml("us-east-1").unwrap()).unwrap();
    let trust = Trust { aws, ..Trust::default() };
    let rooms = Rooms::of(&config, trust, keys, database, clock);
    let recorder = RecorderSettings { commit_size, ..RecorderSettings::default() };
    let system = Rooms { recorder, ..rooms }.start();
    for resource in config.resources {
        system
            .broker()
            .converge
            .ask(Converge::from_file(resource))
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
    system
}

fn configuration(folder: &TempDir) -> Config {
    let text = format!(
        r#"
[database]
url = "sqlite://{}/callsign.db?mode=rwc"

[[resource]]
provider = "aws"
instance_id = "i-0123456789abcdef0"
name = "build-7"
agents = [{{ name = "main" }}, {{ name = "dev" }}]
"#,
        folder.path().display()
    );
    Config::parse([(folder.path(), text.as_str())], []).unwrap()
}

fn rsa2048(signer: &AwsSigner) -> String {
    let now = Clock::system().now();
    let machine = MachineFacts {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        instance_id: InstanceId::parse(Provider::Aws, "i-0123456789abcdef0").unwrap(),
    };
    signer.rsa2048(&signer.document(&machine, now), now).unwrap()
}
