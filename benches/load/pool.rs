//! Who logs in? Machines with signed proofs, as requests that are ready to be sent.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use callsign::clock::Clock;
use callsign::emulator::Keys;
use callsign::emulator::aws::{AwsSigner, MachineFacts};
use callsign::names::{InstanceId, Provider as Cloud};
use chrono::{DateTime, Utc};
use serde_json::json;

/// Whose machine logs in, and with which kind of proof.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Provider {
    /// `rsa2048`
    Aws,
    /// `document` and `signature`
    AwsDocument,
}

/// Parts of the logins by what they ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mix {
    named: usize,
    nameless: usize,
    unknown: usize,
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Result<Vec<usize>, _> = text.split(':').map(str::parse).collect();
        match parts.as_deref() {
            Ok(&[named, nameless, unknown]) if named + nameless + unknown > 0 => {
                Ok(Self { named, nameless, unknown })
            }
            _ => Err("three numbers, such as 80:10:10".to_owned()),
        }
    }
}

/// A request, and the status that it is answered with when all is well.
#[derive(Clone)]
pub(super) struct Prepared {
    pub(super) bytes: Arc<[u8]>,
    pub(super) status: u16,
}

impl Prepared {
    /// A request that asks nothing of the broker but HTTP.
    pub(super) fn health() -> Self {
        let bytes = b"GET /healthz HTTP/1.1\r\nHost: load\r\n\r\n".as_slice();
        Self { bytes: bytes.into(), status: 200 }
    }
}

/// Requests in the order in which they are sent, over and over.
pub(super) struct Pool {
    requests: Vec<Prepared>,
}

impl Pool {
    /// Signs a proof for each machine, and writes the configuration of a broker that knows them.
    pub(super) fn sign(dir: &Path, providers: &[Provider], machines: usize, mix: Mix) -> Self {
        let signer = Keys::keep(dir, "us-east-1").unwrap().aws;
        fs::write(dir.join("load.toml"), configuration(machines)).unwrap();

        let now = Clock::system().now();
        let turns = (0..machines * 2).zip(providers.iter().cycle());
        let requests = turns.map(|(turn, provider)| {
            let asked = mix.turn(turn);
            let id = asked.instance_id(turn / 2);
            asked.request(proof(*provider, &signer, &id, now), turn)
        });
        Self { requests: requests.collect() }
    }

    /// The login of this turn.
    pub(super) fn login(&self, turn: usize) -> &Prepared {
        &self.requests[turn % self.requests.len()]
    }
}

/// What a login asks for.
#[derive(Clone, Copy)]
enum Asked {
    Named,
    Nameless,
    Unknown,
}

impl Mix {
    /// Spreads the parts evenly: turns of a kind never come in long rows.
    fn turn(self, turn: usize) -> Asked {
        // A prime step visits every part of a hundred before it repeats one.
        let place = (turn * 37) % (self.named + self.nameless + self.unknown);
        if place < self.named {
            Asked::Named
        } else if place < self.named + self.nameless {
            Asked::Nameless
        } else {
            Asked::Unknown
        }
    }
}

impl Asked {
    fn instance_id(self, machine: usize) -> String {
        match self {
            Asked::Named | Asked::Nameless => known(machine),
            Asked::Unknown => format!("i-{machine:016x}f"),
        }
    }

    fn request(self, mut body: serde_json::Value, turn: usize) -> Prepared {
        let status = match self {
            Asked::Named => 200,
            Asked::Nameless => 409,
            Asked::Unknown => 404,
        };
        if matches!(self, Asked::Named) {
            body["agent_name"] = json!(["main", "dev"][turn % 2]);
        }
        Prepared { bytes: post("/v1/login/aws", &body.to_string()), status }
    }
}

fn known(machine: usize) -> String {
    format!("i-{machine:017x}")
}

fn proof(
    provider: Provider,
    signer: &AwsSigner,
    instance_id: &str,
    now: DateTime<Utc>,
) -> serde_json::Value {
    let document = signer.document(
        &MachineFacts {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            instance_id: InstanceId::parse(Cloud::Aws, instance_id).unwrap(),
        },
        now,
    );
    match provider {
        Provider::Aws => json!({ "pkcs7": signer.rsa2048(&document, now).unwrap() }),
        Provider::AwsDocument => {
            json!({ "document": document, "signature": signer.signature(&document).unwrap() })
        }
    }
}

/// A broker that trusts our keys, knows our machines and limits none of them.
fn configuration(machines: usize) -> String {
    let mut text =
        String::from("limits.instance_rate = 0\n\n[identity.aws]\ntrust = [\"aws.toml\"]\n");
    for machine in 0..machines {
        let id = known(machine);
        let agents = "[{ name = \"main\" }, { name = \"dev\" }]";
        write!(
            text,
            "\n[[resource]]\nprovider = \"aws\"\ninstance_id = \"{id}\"\nname = \"m{machine}\"\n\
             agents = {agents}\n"
        )
        .unwrap();
    }
    text
}

fn post(path: &str, body: &str) -> Arc<[u8]> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
    .into()
}
