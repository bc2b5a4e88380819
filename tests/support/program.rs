//! A whole broker as a process of its own, with the system's clock: it can be killed and told to read
//! its files again, and begins anew on what is left.

use std::fs;

use callsign::clock::Clock;
use reqwest::{Method, RequestBuilder};
use rustix::process::Signal;
use sea_orm::DatabaseConnection;
use serde_json::Value;
use tempfile::TempDir;

use super::broker::{Answer, OPERATOR, send, sha256_hex};
use super::machine::{AWS, AwsMachine, REGION};
use super::process::Served;
use super::{database, http};

/// A broker in a process.
#[derive(Debug)]
pub struct Program {
    served: Served,
    http: reqwest::Client,
    folder: TempDir,
}

impl Program {
    /// A broker with this configuration besides what every one of them has.
    pub async fn start(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        database::prepare(folder.path()).await;
        fs::write(folder.path().join("aws.toml"), AWS.trust_toml(REGION).unwrap()).unwrap();
        let common = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[token]\nsealing_key_file = \"sealing-key\"\n\
             [identity.aws]\ntrust = [\"aws.toml\"]\n\
             [log]\nfilter = \"warn,callsign::cli=info,callsign::service=info\"\n{}\
             [[operator]]\nname = \"tests\"\ntoken_sha256 = \"{}\"\nscopes = [\"read\", \"write\"]\n",
            database::section(folder.path()),
            sha256_hex(OPERATOR),
        );
        fs::write(folder.path().join("common.toml"), common).unwrap();
        let served = serve(&folder, toml);
        Self { served, http: http::client(), folder }
    }

    /// Ends it by this signal, and starts it again.
    pub fn again_after(&mut self, signal: Signal, toml: &str) {
        self.served.signal(signal);
        self.served.wait_for_end();
        self.served = serve(&self.folder, toml);
    }

    /// Lets it read this in place of what was declared before.
    pub fn reload(&mut self, toml: &str) {
        fs::write(self.folder.path().join("test.toml"), toml).unwrap();
        self.served.signal(Signal::HUP);
        self.served.wait_for("resources are as the configuration declares");
    }

    /// A request as the operator of the tests.
    pub fn operator(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.served.url)).bearer_auth(OPERATOR)
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.http.post(format!("{}{path}", self.served.url)).json(body)).await
    }

    pub async fn ask_as(&self, method: Method, path: &str, bearer: &str) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.served.url));
        send(request.bearer_auth(bearer)).await
    }

    /// Logs in by this machine's `pkcs7`.
    pub async fn log_in(&self, machine: &AwsMachine, agent_name: Option<&str>) -> Answer {
        self.post("/v1/login/aws", &machine.login(Clock::system().now(), agent_name)).await
    }

    /// The broker's database, seen without the broker.
    pub async fn sql(&self) -> DatabaseConnection {
        sea_orm::Database::connect(database::url(self.folder.path())).await.unwrap()
    }
}

fn serve(folder: &TempDir, toml: &str) -> Served {
    fs::write(folder.path().join("test.toml"), toml).unwrap();
    Served::start(folder.path(), &["-c", "common.toml", "-c", "test.toml"])
}
