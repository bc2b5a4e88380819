//! On what does the demo play? A metadata service and a broker that believes it, on free ports.

use std::net::{Ipv4Addr, SocketAddr};

use tempfile::TempDir;

use crate::cli::outcome::Failure;
use crate::cli::serve::listen;
use crate::client::BrokerClient;
use crate::client::metadata::AwsMetadataReader;
use crate::clock::Clock;
use crate::config::Config;
use crate::emulator::{Emulator, Keys, Machine};
use crate::service::Service;

const INSTANCE_ID: &str = "i-0123456789abcdef0";
const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";

/// An emulated machine and a broker that knows two agents on it.
#[derive(Debug)]
pub(super) struct Stage {
    emulator: Emulator,
    service: Service,
    folder: TempDir,
    pub(super) broker: BrokerClient,
    pub(super) metadata: AwsMetadataReader,
}

impl Stage {
    /// Starts both.
    pub(super) async fn set() -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("callsign-demo-").tempdir();
        let folder =
            folder.map_err(|error| Failure::new(format!("no temporary folder: {error}")))?;
        let keys = Keys::keep(folder.path(), REGION).map_err(Failure::new)?;
        let clock = Clock::system();
        let machine = Machine::named(INSTANCE_ID, ACCOUNT, REGION, clock.now());
        let machine = machine.map_err(Failure::new)?;
        let emulator = Emulator::start(listen(free_port())?, &keys, machine, clock);
        let emulator = emulator.map_err(Failure::new)?;

        let listener = listen(free_port())?;
        let address = listener.local_addr().map_err(Failure::new)?;
        let config = configuration(&folder, address)?;
        let service = Service::start(&config, None, Clock::system(), listener).await;
        let service = service.map_err(Failure::new)?;
        let broker = BrokerClient::new(&service.url()).map_err(Failure::new)?;
        let metadata = AwsMetadataReader::new(&emulator.url()).map_err(Failure::new)?;
        Ok(Self { emulator, service, folder, broker, metadata })
    }

    /// What is running.
    pub(super) fn introduction(&self) -> String {
        format!(
            "One EC2 instance, two agents on it, one broker:\n\n  \
             metadata service  {}   {INSTANCE_ID} in {REGION}, account {ACCOUNT}\n  \
             broker            {}   database in {}\n",
            self.emulator.url(),
            self.service.url(),
            self.folder.path().display(),
        )
    }

    /// How to go on by hand.
    pub(super) fn invitation(&self) -> String {
        let (metadata, broker) = (self.emulator.url(), self.service.url());
        format!(
            r#"
Now you. Read the machine's proof as an agent would:

  SESSION=$(curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {metadata}/latest/api/token)
  PROOF=$(curl -s -H "X-aws-ec2-metadata-token: $SESSION" \
    {metadata}/latest/dynamic/instance-identity/rsa2048 | tr -d '\n')

Log in, with a name and without:

  curl -s {broker}/v1/login/aws -H 'Content-Type: application/json' \
    -d "{{\"pkcs7\": \"$PROOF\", \"agent_name\": \"dev\"}}"
  curl -s {broker}/v1/login/aws -H 'Content-Type: application/json' -d "{{\"pkcs7\": \"$PROOF\"}}"

Ctrl-C ends the demo and removes its folder."#
        )
    }

    /// Stops both, and removes what they wrote.
    pub(super) async fn clear(self) {
        self.service.stop().await;
        self.emulator.stop().await;
    }
}

fn free_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// What a deployment would have in a file.
fn configuration(folder: &TempDir, address: SocketAddr) -> Result<Config, Failure> {
    let trust = Keys::aws_trust_file(folder.path());
    let database = folder.path().join("callsign.db");
    let text = format!(
        r#"
[http]
public_url = "http://{address}"

[database]
url = "sqlite://{}?mode=rwc"

[identity.aws]
trust = [{:?}]

[identity.google]
keys_file = {:?}

[[resource]]
provider = "aws"
instance_id = "{INSTANCE_ID}"
name = "build-7"
account = "{ACCOUNT}"
agents = [{{ name = "main" }}, {{ name = "dev" }}]
"#,
        database.display(),
        trust,
        Keys::google_keys_file(folder.path()),
    );
    let file = folder.path().join("callsign.toml");
    Config::parse([(file.as_path(), text.as_str())], []).map_err(Failure::new)
}
