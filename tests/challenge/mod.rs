//! Does a proof that was made for a login count once, for that login, and for a while?

mod answered;
mod attacks;
mod given;
mod recorded;

use callsign::emulator::azure::AzureSigner;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::azure::{self, AZURE, VM};
use crate::support::broker::{Answer, TestBroker, resource_on};
use crate::support::machine::GoogleMachine;

/// A cloud whose proofs can answer challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cloud {
    Azure,
    Google,
}

/// By which route a login comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Native,
    Compatible,
}

const BOTH: [Cloud; 2] = [Cloud::Azure, Cloud::Google];
const ROUTES: [Route; 2] = [Route::Native, Route::Compatible];

const REQUIRED: &str =
    "identity.azure.nonce = \"required\"\nidentity.google.audience = \"required\"\n";

impl Cloud {
    fn word(self) -> &'static str {
        match self {
            Cloud::Azure => "azure",
            Cloud::Google => "google",
        }
    }

    fn machine(self) -> &'static str {
        match self {
            Cloud::Azure => VM,
            Cloud::Google => "2589000000000000001",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Cloud::Azure => "azure:attested-data",
            Cloud::Google => "google:identity-token",
        }
    }

    fn path(self, route: Route) -> String {
        match route {
            Route::Native => format!("/v1/login/{}", self.word()),
            Route::Compatible => {
                format!("/api/v2/workspaceagents/{}-instance-identity", self.word())
            }
        }
    }
}

/// A broker on which each cloud's machine has two agents, with these settings.
async fn broker(settings: &str) -> TestBroker {
    TestBroker::start(&toml(settings)).await
}

fn toml(settings: &str) -> String {
    let machines = BOTH.map(|cloud| resource_on(cloud.word(), cloud.machine(), &["main", "dev"]));
    format!("identity.azure.trust = [{:?}]\n{settings}{}", azure_trust(), machines.concat())
}

/// Existing clients send no certificates: the issuing authority is trusted, as it is in earnest.
fn azure_trust() -> &'static std::path::Path {
    static FILE: std::sync::LazyLock<tempfile::NamedTempFile> = std::sync::LazyLock::new(|| {
        // Nothing that is static is ever dropped; so it lies among what cargo builds.
        let file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        std::fs::write(file.path(), AZURE.trust_toml().unwrap()).unwrap();
        file
    });
    FILE.path()
}

/// A challenge for this cloud, bound to the agent of this name if one is given.
async fn challenge(broker: &TestBroker, cloud: Cloud, agent_name: Option<&str>) -> Value {
    let mut body = json!({ "provider": cloud.word() });
    if let Some(name) = agent_name {
        body["agent_name"] = json!(name);
    }
    let answer = broker.post("/v1/challenge", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The same a minute later, so that it is none that was given before: Azure's of one minute differ
/// in three digits, and one in a thousand is another's double.
async fn another_challenge(broker: &TestBroker, cloud: Cloud, agent_name: Option<&str>) -> Value {
    broker.clock.move_by(TimeDelta::minutes(1));
    challenge(broker, cloud, agent_name).await
}

/// The proof of the cloud's machine, made now, that answers this challenge.
fn proof(broker: &TestBroker, cloud: Cloud, challenge: &Value) -> Value {
    match cloud {
        Cloud::Azure => azure_proof(broker, &AZURE, challenge["nonce"].as_str()),
        Cloud::Google => google_proof(broker, challenge["audience"].as_str().unwrap()),
    }
}

fn azure_proof(broker: &TestBroker, signer: &AzureSigner, nonce: Option<&str>) -> Value {
    let signature = signer.attested(&azure::machine(), nonce, broker.clock.now()).unwrap();
    json!({ "encoding": "pkcs7", "signature": signature })
}

fn google_proof(broker: &TestBroker, audience: &str) -> Value {
    let machine = GoogleMachine::new(Cloud::Google.machine());
    json!({ "json_web_token": machine.token_for(audience, broker.clock.now()) })
}

/// The same proof as a login of the agent of this name.
fn of_agent(mut proof: Value, name: &str) -> Value {
    proof["agent_name"] = json!(name);
    proof
}

/// The `amr` of the token that was given.
async fn methods(broker: &TestBroker, answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let token = answer.json()["session_token"].as_str().unwrap().to_owned();
    crate::http::session::read(broker, &token, "callsign").await.claims["amr"].clone()
}
