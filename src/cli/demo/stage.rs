//! On what does the demo play? A metadata service and a broker that believes it, on free ports.

use std::net::{Ipv4Addr, SocketAddr};

use tempfile::TempDir;

use super::cloud::Cloud;
use crate::cli::outcome::Failure;
use crate::cli::serve::listen;
use crate::client::metadata::{MetadataError, MetadataReader};
use crate::client::{BrokerClient, Login};
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
    cloud: Cloud,
    instance_id: String,
    account: String,
    emulator: Emulator,
    service: Service,
    folder: TempDir,
    metadata: MetadataReader,
    pub(super) broker: BrokerClient,
}

impl Stage {
    /// Starts both.
    pub(super) async fn set(cloud: Cloud) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("callsign-demo-").tempdir();
        let folder =
            folder.map_err(|error| Failure::new(format!("no temporary folder: {error}")))?;
        let keys = Keys::keep(folder.path(), REGION).map_err(Failure::new)?;
        let clock = Clock::system();
        let machine = Machine::named(INSTANCE_ID, ACCOUNT, REGION, clock.now());
        let machine = machine.map_err(Failure::new)?;
        let (instance_id, account) = cloud.names(&machine);
        let emulator = Emulator::start(listen(free_port())?, &keys, machine, clock);
        let emulator = emulator.map_err(Failure::new)?;

        let listener = listen(free_port())?;
        let address = listener.local_addr().map_err(Failure::new)?;
        let resource = resource(cloud, &instance_id, &account);
        let config = configuration(&folder, address, &resource)?;
        let service = Service::start(&config, None, Clock::system(), listener).await;
        let service = service.map_err(Failure::new)?;
        let broker = BrokerClient::new(&service.url()).map_err(Failure::new)?;
        let metadata = cloud.reader(&emulator.url()).map_err(Failure::new)?;
        Ok(Self { cloud, instance_id, account, emulator, service, folder, metadata, broker })
    }

    /// The machine's proof, as a login under this name.
    pub(super) async fn proof(&self, name: Option<&str>) -> Result<Login, MetadataError> {
        Ok(self.metadata.proof(&self.service.url()).await?.of_agent(name))
    }

    /// What is running.
    pub(super) fn introduction(&self) -> String {
        let Self { cloud, instance_id, account, .. } = self;
        format!(
            "One {}, two agents on it, one broker:\n\n  \
             metadata service  {}   {instance_id} in {REGION}, account {account}\n  \
             broker            {}   database in {}\n",
            cloud.noun(),
            self.emulator.url(),
            self.service.url(),
            self.folder.path().display(),
        )
    }

    /// How to go on by hand.
    pub(super) fn invitation(&self) -> String {
        let (cloud, broker) = (self.cloud.word(), self.service.url());
        let reading = self.cloud.reading(&self.emulator.url(), &broker);
        let member = self.cloud.member();
        format!(
            r#"
Now you. Read the machine's proof as an agent would:

{reading}

Log in, with a name and without:

  curl -s {broker}/v1/login/{cloud} -H 'Content-Type: application/json' \
    -d "{{\"{member}\": \"$PROOF\", \"agent_name\": \"dev\"}}"
  curl -s {broker}/v1/login/{cloud} -H 'Content-Type: application/json' -d "{{\"{member}\": \"$PROOF\"}}"

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

/// The machine and its two agents.
fn resource(cloud: Cloud, instance_id: &str, account: &str) -> String {
    format!(
        r#"
[[resource]]
provider = "{}"
instance_id = "{instance_id}"
name = "build-7"
account = "{account}"
agents = [{{ name = "main" }}, {{ name = "dev" }}]
"#,
        cloud.word()
    )
}

/// What a deployment would have in a file.
fn configuration(folder: &TempDir, address: SocketAddr, resource: &str) -> Result<Config, Failure> {
    let database = folder.path().join("callsign.db");
    let text = format!(
        r#"
[http]
public_url = "http://{address}"

[database]
url = "sqlite://{}?mode=rwc"

[identity.aws]
trust = [{:?}]

[identity.azure]
trust = [{:?}]

[identity.google]
keys_file = {:?}
{resource}"#,
        database.display(),
        Keys::aws_trust_file(folder.path()),
        Keys::azure_trust_file(folder.path()),
        Keys::google_keys_file(folder.path()),
    );
    let file = folder.path().join("callsign.toml");
    Config::parse([(file.as_path(), text.as_str())], []).map_err(Failure::new)
}
