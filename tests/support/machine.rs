//! A machine whose cloud is ours: its documents are signed by keys that the test broker trusts.

use std::sync::LazyLock;

use callsign::emulator::aws::{AwsSigner, MachineFacts};
use callsign::emulator::google::{Detail, GoogleMachine as GoogleFacts, GoogleSigner};
use callsign::names::{InstanceId, Provider};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "eu-test-1";

/// AWS's key in tests. Making one takes a while, so all tests share it.
pub static AWS: LazyLock<AwsSigner> = LazyLock::new(|| AwsSigner::generate().unwrap());

/// A key that nobody trusts.
pub static STRANGER: LazyLock<AwsSigner> = LazyLock::new(|| AwsSigner::generate().unwrap());

/// Google's key in tests.
pub static GOOGLE: LazyLock<GoogleSigner> = LazyLock::new(|| GoogleSigner::generate().unwrap());

/// The audience that every test broker takes, besides its own address.
pub const AUDIENCE: &str = "coder";

/// An EC2 instance.
#[derive(Clone, Debug)]
pub struct AwsMachine(MachineFacts);

impl AwsMachine {
    /// The machine of this id, in [`ACCOUNT`] and [`REGION`].
    pub fn new(instance_id: &str) -> Self {
        Self(MachineFacts {
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            instance_id: InstanceId::parse(Provider::Aws, instance_id).unwrap(),
        })
    }

    /// The same machine in another account.
    pub fn in_account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.0.account);
        self
    }

    /// The `rsa2048` document, signed at this time.
    pub fn pkcs7(&self, now: DateTime<Utc>) -> String {
        self.pkcs7_by(&AWS, now)
    }

    /// The same document, signed by another key.
    pub fn pkcs7_by(&self, signer: &AwsSigner, now: DateTime<Utc>) -> String {
        signer.rsa2048(&signer.document(&self.0, now), now).unwrap()
    }

    /// The `document` and its `signature`.
    pub fn document(&self, now: DateTime<Utc>) -> (String, String) {
        let document = AWS.document(&self.0, now);
        let signature = AWS.signature(&document).unwrap();
        (document, signature)
    }

    /// The body of a login by `pkcs7`.
    pub fn login(&self, now: DateTime<Utc>, agent_name: Option<&str>) -> Value {
        let mut body = json!({ "pkcs7": self.pkcs7(now) });
        if let Some(name) = agent_name {
            body["agent_name"] = json!(name);
        }
        body
    }
}

/// A Compute Engine instance.
#[derive(Clone, Debug)]
pub struct GoogleMachine(GoogleFacts);

impl GoogleMachine {
    /// The machine of this id, in the project `test-project` and the zone `us-east1-b`.
    pub fn new(instance_id: &str) -> Self {
        Self(GoogleFacts {
            project_id: "test-project".to_owned(),
            zone: "us-east1-b".to_owned(),
            instance_id: InstanceId::parse(Provider::Google, instance_id).unwrap(),
            created_at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        })
    }

    /// The identity token for [`AUDIENCE`], made at this time.
    pub fn token(&self, now: DateTime<Utc>) -> String {
        self.token_for(AUDIENCE, now)
    }

    /// The identity token for another audience.
    pub fn token_for(&self, audience: &str, now: DateTime<Utc>) -> String {
        GOOGLE.token(&self.0, audience, Detail::Full, now).unwrap()
    }

    /// The body of a login.
    pub fn login(&self, now: DateTime<Utc>, agent_name: Option<&str>) -> Value {
        let mut body = json!({ "json_web_token": self.token(now) });
        if let Some(name) = agent_name {
            body["agent_name"] = json!(name);
        }
        body
    }
}
