//! What is sent? Logins with signed proofs, as requests that are ready.

use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use callsign::clock::Clock;
use callsign::emulator::Keys;
use serde_json::{Value, json};

use super::machines::{Provider, configuration};

/// From this number on, machines are registered nowhere.
const UNKNOWN: u64 = 1_000_000_000;

/// What a login asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// An agent by its name: 200.
    Named,
    /// No name where there are two agents: 409.
    Nameless,
    /// The agent of a machine that nobody registered: 404.
    Unknown,
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

/// A request, and the status that it is answered with when all is well.
#[derive(Clone)]
pub(super) struct Prepared {
    pub(super) bytes: Arc<[u8]>,
    pub(super) status: u16,
}

/// Requests of each kind, sent over and over.
pub(super) struct Pool {
    mix: Mix,
    health: Prepared,
    named: Vec<Prepared>,
    nameless: Vec<Prepared>,
    unknown: Vec<Prepared>,
}

impl Pool {
    /// Signs a proof for each machine of each provider, and writes the configuration of a broker
    /// that knows them.
    pub(super) fn sign(dir: &Path, providers: &[Provider], machines: u64, mix: Mix) -> Self {
        let keys = Keys::keep(dir, "us-east-1").unwrap();
        fs::write(dir.join("load.toml"), configuration(providers, machines)).unwrap();

        let health = Prepared {
            bytes: b"GET /healthz HTTP/1.1\r\nHost: load\r\n\r\n".as_slice().into(),
            status: 200,
        };
        let (named, nameless, unknown) = (Vec::new(), Vec::new(), Vec::new());
        let mut pool = Self { mix, health, named, nameless, unknown };
        let now = Clock::system().now();
        for machine in 0..machines {
            for provider in providers {
                let proof = provider.proof(&keys, machine, now);
                let stranger = provider.proof(&keys, UNKNOWN + machine, now);
                pool.named.push(login(*provider, &proof, Some("main"), 200));
                pool.named.push(login(*provider, &proof, Some("dev"), 200));
                pool.nameless.push(login(*provider, &proof, None, 409));
                pool.unknown.push(login(*provider, &stranger, None, 404));
            }
        }
        pool
    }

    /// A request that asks nothing of the broker but HTTP.
    pub(super) fn health(&self) -> &Prepared {
        &self.health
    }

    /// The login of this turn: of one kind, or of each by the mix.
    pub(super) fn login(&self, asked: Option<Asked>, turn: usize) -> &Prepared {
        let requests = match asked.unwrap_or_else(|| self.mix.turn(turn)) {
            Asked::Named => &self.named,
            Asked::Nameless => &self.nameless,
            Asked::Unknown => &self.unknown,
        };
        &requests[turn % requests.len()]
    }
}

fn login(provider: Provider, proof: &Value, agent_name: Option<&str>, status: u16) -> Prepared {
    let mut body = proof.clone();
    if let Some(name) = agent_name {
        body["agent_name"] = json!(name);
    }
    let (path, body) = (provider.path(), body.to_string());
    let length = body.len();
    let bytes = format!(
        "POST {path} HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    Prepared { bytes: bytes.into_bytes().into(), status }
}
