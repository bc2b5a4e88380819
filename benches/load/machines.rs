//! Whose machines log in? What each cloud signs for them, and a broker that knows them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use callsign::emulator::Keys;
use callsign::emulator::aws::MachineFacts;
use callsign::emulator::azure::AzureMachine;
use callsign::emulator::google::{Detail, GoogleMachine};
use callsign::names::{InstanceId, Provider as Cloud};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

const AUDIENCE: &str = "load";

/// A cloud and the kind of proof that its machines send.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Provider {
    /// `rsa2048`
    Aws,
    /// `document` and `signature`
    AwsDocument,
    /// An attested document
    Azure,
    /// An identity token
    Google,
}

impl Provider {
    fn cloud(self) -> Cloud {
        match self {
            Provider::Aws | Provider::AwsDocument => Cloud::Aws,
            Provider::Azure => Cloud::Azure,
            Provider::Google => Cloud::Google,
        }
    }

    /// Where its machines log in.
    pub(super) fn path(self) -> String {
        format!("/v1/login/{}", self.cloud())
    }

    /// The body of a login of the machine of this number, but for the agent's name.
    pub(super) fn proof(self, keys: &Keys, machine: u64, now: DateTime<Utc>) -> Value {
        let id = InstanceId::parse(self.cloud(), &instance_id(self.cloud(), machine)).unwrap();
        match self {
            Provider::Aws => {
                let document = keys.aws.document(&aws(id), now);
                json!({ "pkcs7": keys.aws.rsa2048(&document, now).unwrap() })
            }
            Provider::AwsDocument => {
                let document = keys.aws.document(&aws(id), now);
                let signature = keys.aws.signature(&document).unwrap();
                json!({ "document": document, "signature": signature })
            }
            Provider::Azure => {
                let signature = keys.azure.attested(&azure(id), None, now).unwrap();
                json!({ "signature": signature, "encoding": "pkcs7" })
            }
            Provider::Google => {
                let token = keys.google.token(&google(id, now), AUDIENCE, Detail::Full, now);
                json!({ "json_web_token": token.unwrap() })
            }
        }
    }
}

/// A broker that trusts our keys, knows these machines and limits none of them.
pub(super) fn configuration(providers: &[Provider], machines: u64) -> String {
    let mut text = format!(
        "limits.instance_rate = 0\nidentity.aws.trust = [\"aws.toml\"]\n\
         identity.azure.trust = [\"azure.toml\"]\nidentity.google.keys_file = \
         \"google-jwks.json\"\nidentity.google.audiences = [\"{AUDIENCE}\"]\n"
    );
    let clouds: BTreeSet<Cloud> = providers.iter().map(|provider| provider.cloud()).collect();
    for cloud in clouds {
        for machine in 0..machines {
            let id = instance_id(cloud, machine);
            write!(
                text,
                "\n[[resource]]\nprovider = \"{cloud}\"\ninstance_id = \"{id}\"\n\
                 name = \"m{machine}\"\nagents = [{{ name = \"main\" }}, {{ name = \"dev\" }}]\n"
            )
            .unwrap();
        }
    }
    text
}

fn instance_id(cloud: Cloud, machine: u64) -> String {
    match cloud {
        Cloud::Aws => format!("i-{machine:017x}"),
        Cloud::Azure => Uuid::from_u128(machine.into()).to_string(),
        Cloud::Google => format!("4{machine:018}"),
    }
}

fn aws(instance_id: InstanceId) -> MachineFacts {
    let (account, region) = ("123456789012".to_owned(), "us-east-1".to_owned());
    MachineFacts { account, region, instance_id }
}

fn azure(vm_id: InstanceId) -> AzureMachine {
    AzureMachine {
        subscription_id: Uuid::from_u128(1).to_string(),
        region: "eastus".to_owned(),
        vm_id,
        domain: "metadata.azure.com".to_owned(),
    }
}

fn google(instance_id: InstanceId, now: DateTime<Utc>) -> GoogleMachine {
    let (project_id, zone) = ("load-project".to_owned(), "us-east1-b".to_owned());
    GoogleMachine { project_id, zone, instance_id, created_at: now }
}
