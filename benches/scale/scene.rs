//! A broker without a front door over a SQLite file, and machines that it believes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use callsign::broker::Broker;
use callsign::broker::authenticate::{LoginRequest, authenticate};
use callsign::broker::system::{Rooms, System};
use callsign::clock::Clock;
use callsign::config::Config;
use callsign::database::Database;
use callsign::emulator::aws::{AwsSigner, MachineFacts};
use callsign::identity::{AwsTrust, IdentityProof, Trust};
use callsign::names::{InstanceId, Provider};
use callsign::token::{SealingKey, open_key_ring};
use futures_util::StreamExt as _;
use zeroize::Zeroizing;

const REGION: &str = "us-east-1";

pub(super) struct Scene {
    pub(super) broker: Broker,
    pub(super) database: Database,
    pub(super) machines: usize,
    file: PathBuf,
    proofs: Vec<String>,
    system: System,
}

impl Scene {
    /// A broker over the file of this size, whether or not it is there already.
    pub(super) async fn set(dir: &Path, machines: usize, logins: usize) -> Self {
        let file = dir.join(format!("scale-{machines}.db"));
        let signer = AwsSigner::generate().unwrap();
        let config = configuration(&file);
        let database = Database::open(&config.database).await.unwrap();
        let system = start(&config, &database, &signer).await;
        let spread = (0..logins).map(|number| number * machines / logins);
        let proofs = spread.map(|number| proof(&signer, number)).collect();
        // The stateless actors on this thread, as on one that serves.
        let broker = system.desk().open();
        Self { broker, database, machines, file, proofs, system }
    }

    /// How long each machine waits that logs in while no other does.
    pub(super) async fn log_in_alone(&self) -> Vec<Duration> {
        let mut latencies = Vec::with_capacity(self.proofs.len());
        for turn in 0..self.proofs.len() {
            let begun = Instant::now();
            self.log_in(turn).await;
            latencies.push(begun.elapsed());
        }
        latencies
    }

    /// Logins a second with so many under way.
    pub(super) async fn log_in_together(&self, under_way: usize) -> f64 {
        let begun = Instant::now();
        let logins = (0..self.proofs.len() * 2).map(|turn| self.log_in(turn));
        futures_util::stream::iter(logins).buffer_unordered(under_way).collect::<()>().await;
        self.proofs.len() as f64 * 2.0 / begun.elapsed().as_secs_f64()
    }

    /// Where its file is.
    pub(super) fn url(&self) -> String {
        format!("sqlite://{}", self.file.display())
    }

    /// Ends the broker, and gives the file that it leaves.
    pub(super) async fn stop(self) -> PathBuf {
        self.system.stop().await;
        self.file
    }

    async fn log_in(&self, turn: usize) {
        let login = LoginRequest {
            request_id: "scale".to_owned(),
            proof: IdentityProof::aws_pkcs7(&self.proofs[turn % self.proofs.len()]).unwrap(),
            agent_name: Some(if turn.is_multiple_of(2) { "main" } else { "dev" }.to_owned()),
        };
        authenticate(&self.broker, login).await.unwrap();
    }
}

/// The id of the machine of this number: as unlike its neighbours as the clouds' ids are.
pub(super) fn instance_id(number: usize) -> String {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("i-{mixed:016x}{:01x}", number % 16)
}

fn configuration(file: &Path) -> Config {
    let text = format!(
        "[database]\nurl = \"sqlite://{}?mode=rwc\"\n[limits]\ninstance_rate = 0",
        file.display()
    );
    Config::parse([(file, text.as_str())], []).unwrap()
}

fn proof(signer: &AwsSigner, number: usize) -> String {
    let now = Clock::system().now();
    let machine = MachineFacts {
        account: "123456789012".to_owned(),
        region: REGION.to_owned(),
        instance_id: InstanceId::parse(Provider::Aws, &instance_id(number)).unwrap(),
    };
    signer.rsa2048(&signer.document(&machine, now), now).unwrap()
}

async fn start(config: &Config, database: &Database, signer: &AwsSigner) -> System {
    let clock = Clock::system();
    let seal = SealingKey::new(Zeroizing::new([7; 32]));
    let keys = open_key_ring(database, &seal, clock.now()).await.unwrap();
    let aws = AwsTrust::parse(&signer.trust_toml(REGION).unwrap()).unwrap();
    let trust = Trust { aws, ..Trust::default() };
    Rooms::of(config, trust, keys, database.clone(), clock).start()
}
