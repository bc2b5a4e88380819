//! A virtual machine whose cloud is ours: its documents are signed under a root that the test broker
//! trusts, over an issuing authority that it does not know.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::emulator::azure::{AzureMachine, AzureSigner};
use callsign::names::{InstanceId, Provider};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub const VM: &str = "02aab8a4-74ef-476e-8182-f6d2ba4166a6";
pub const SUBSCRIPTION: &str = "8d10da13-8125-4ba9-a717-bf7490507b3d";

/// Azure in tests. Making its keys takes a while, so all tests share it.
pub static AZURE: LazyLock<AzureSigner> = LazyLock::new(|| AzureSigner::generate().unwrap());

/// An Azure that nobody trusts.
pub static STRANGER: LazyLock<AzureSigner> = LazyLock::new(|| AzureSigner::generate().unwrap());

/// The machine [`VM`] in [`SUBSCRIPTION`], whose signer is for this domain.
pub fn machine_in(domain: &str) -> AzureMachine {
    AzureMachine {
        subscription_id: SUBSCRIPTION.to_owned(),
        region: "eastus".to_owned(),
        vm_id: InstanceId::parse(Provider::Azure, VM).unwrap(),
        domain: domain.to_owned(),
    }
}

/// The machine in the cloud for everybody.
pub fn machine() -> AzureMachine {
    machine_in("metadata.azure.com")
}

/// The body of a login: the document, and the certificate that lacks between it and the root.
pub fn login(
    signer: &AzureSigner,
    machine: &AzureMachine,
    now: DateTime<Utc>,
    agent_name: Option<&str>,
) -> Value {
    let mut body = json!({
        "encoding": "pkcs7",
        "signature": signer.attested(machine, None, now).unwrap(),
        "certificates": [STANDARD.encode(signer.intermediate().unwrap())],
    });
    if let Some(name) = agent_name {
        body["agent_name"] = json!(name);
    }
    body
}
