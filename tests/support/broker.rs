//! A whole broker on a free port of this machine: its own database, a clock that the test moves,
//! [`machine::AWS`] for Amazon, [`azure::AZURE`] for Microsoft and [`machine::GOOGLE`] for Google.

use std::net::TcpListener;
use std::sync::Arc;

use callsign::config::Config;
use callsign::database::Database;
use callsign::emulator::aws::AwsSigner;
use callsign::registration::{EnrolmentRule, ResourceSpec};
use callsign::service::Service;
use entity::auth_event;
use futures_util::future::join_all;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use sea_orm::{DatabaseConnection, EntityTrait as _, QueryOrder as _};
use serde_json::Value;
use tempfile::TempDir;

use super::clock::FixedClock;
use super::{azure, database, machine};

/// The token of the operator that every test broker has, and its SHA-256.
pub const OPERATOR: &str = "callsign-operator-of-the-tests";

/// A running broker.
#[derive(Debug)]
pub struct TestBroker {
    pub clock: FixedClock,
    // On the heap: futures that hold a broker stay small.
    pub service: Box<Service>,
    http: reqwest::Client,
    folder: Arc<TempDir>,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl TestBroker {
    /// A broker with this configuration besides what every test broker has.
    pub async fn start(toml: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), FixedClock::default(), toml).await
    }

    /// A broker over what an earlier one left in this folder.
    pub async fn start_in(folder: TempDir, clock: FixedClock, toml: &str) -> Self {
        database::prepare(folder.path()).await;
        Self::start_shared(Arc::new(folder), clock, toml).await
    }

    /// As many brokers as there are configurations, started at the same time on one new database.
    pub async fn start_together<const N: usize>(tomls: [&str; N]) -> Vec<Self> {
        let (folder, clock) = (Arc::new(tempfile::tempdir().unwrap()), FixedClock::default());
        database::prepare(folder.path()).await;
        let starts = tomls.map(|toml| Self::start_shared(folder.clone(), clock.clone(), toml));
        join_all(starts).await
    }

    async fn start_shared(folder: Arc<TempDir>, clock: FixedClock, toml: &str) -> Self {
        super::log::keep();
        let config = configuration(&folder, toml);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let service = Service::start(&config, None, clock.clock(), listener).await.unwrap();
        let service = Box::new(service);
        Self { clock, service, http: super::http::client(), folder }
    }

    /// Another broker on the same database, behind a front door of its own.
    pub async fn beside(&self, toml: &str) -> Service {
        let config = configuration(&self.folder, toml);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Service::start(&config, None, self.clock.clock(), listener).await.unwrap()
    }

    /// Reads the configuration again, with this in place of what was declared before.
    pub async fn reload(&self, toml: &str) {
        let config = configuration(&self.folder, toml);
        self.service.follow(&config).await.unwrap();
    }

    /// Stops the broker, and gives what it leaves behind.
    pub async fn stop(self) -> (TempDir, FixedClock) {
        Box::pin(self.service.stop()).await;
        (Arc::into_inner(self.folder).unwrap(), self.clock)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.service.url()))
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn get_as(&self, path: &str, bearer: &str) -> Answer {
        send(self.request(Method::GET, path).bearer_auth(bearer)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// Sends any bytes as a body of this content type, or of none.
    pub async fn post_bytes(
        &self,
        path: &str,
        content_type: Option<&str>,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.request(Method::POST, path).body(body);
        send(match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        })
        .await
    }

    /// Asks as the operator of the tests.
    pub async fn operate(&self, method: Method, path: &str) -> Answer {
        send(self.request(method, path).bearer_auth(OPERATOR)).await
    }

    /// Declares a registration as the operator of the tests.
    pub async fn put(&self, path: &str, declaration: &Value) -> Answer {
        let request = self.request(Method::PUT, path).bearer_auth(OPERATOR);
        send(request.json(declaration)).await
    }

    /// What an operator sees there.
    pub async fn look(&self, path: &str) -> Value {
        let answer = self.operate(Method::GET, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// The bodies of the audit log, oldest first.
    pub async fn events(&self) -> Vec<Value> {
        let log = auth_event::Entity::find().order_by_asc(auth_event::Column::Seq);
        let rows = log.all(&self.sql().await).await.unwrap();
        rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect()
    }

    /// Logs in by this machine's `pkcs7`.
    pub async fn log_in(&self, machine: &machine::AwsMachine, agent_name: Option<&str>) -> Answer {
        self.post("/v1/login/aws", &machine.login(self.clock.now(), agent_name)).await
    }

    /// The broker's database, seen without the broker.
    pub async fn sql(&self) -> DatabaseConnection {
        sea_orm::Database::connect(database::url(self.folder.path())).await.unwrap()
    }

    /// Another way to the same database, as callsign opens it.
    pub async fn database(&self) -> Database {
        let url = database::url(self.folder.path());
        Database::open(&callsign::config::Database { url }).await.unwrap()
    }

    /// A session token for this agent of this machine.
    pub async fn token(&self, machine: &machine::AwsMachine, agent_name: Option<&str>) -> String {
        let answer = self.log_in(machine, agent_name).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["session_token"].as_str().unwrap().to_owned()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and code in short, as `409 agent-ambiguous`; `200` where there is no code.
    pub fn verdict(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        match body["code"].as_str() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }
}

impl Answer {
    /// Holds this answer to be a problem, whole and in the form that all of them have, with these
    /// members besides the common ones.
    #[track_caller]
    pub fn assert_problem(&self, verdict: &str, members: &[&str]) {
        assert_eq!(self.verdict(), verdict, "{}", self.text);
        let (status, code) = verdict.split_once(' ').unwrap();
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let body = self.json();
        assert_eq!(body["type"], format!("urn:callsign:problem:{code}"));
        assert_eq!(body["status"].to_string(), status);
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"));
        for text in ["title", "detail", "request_id"] {
            assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {body}");
        }
        let mut expected = vec!["type", "title", "status", "detail", "code", "request_id"];
        expected.extend_from_slice(members);
        expected.sort_unstable();
        let mut found: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }
}

/// Sends a request and reads its answer.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// A `[[resource]]` on AWS with these agents.
pub fn resource(instance_id: &str, agents: &[&str]) -> String {
    resource_on("aws", instance_id, agents)
}

/// A `[[resource]]` with these agents.
pub fn resource_on(provider: &str, instance_id: &str, agents: &[&str]) -> String {
    let agents: Vec<String> = agents.iter().map(|name| format!("{{ name = {name:?} }}")).collect();
    format!(
        "[[resource]]\nprovider = {provider:?}\ninstance_id = {instance_id:?}\nname = \"machine\"\n\
         agents = [{}]\n",
        agents.join(", ")
    )
}

/// The resources that this configuration declares.
pub fn declared(toml: &str) -> Vec<ResourceSpec> {
    Config::parse([("test.toml".as_ref(), toml)], []).unwrap().resources
}

/// The rules of enrolment that this configuration declares.
pub fn enrolment(toml: &str) -> Vec<EnrolmentRule> {
    Config::parse([("test.toml".as_ref(), toml)], []).unwrap().enrolment
}

/// What every test broker has, over what lies in this folder, and this besides.
pub fn configuration(folder: &TempDir, toml: &str) -> Config {
    let path = |name: &str| folder.path().join(name);
    let trust = path("aws.toml");
    std::fs::write(&trust, trust_toml(&machine::AWS)).unwrap();
    let azure_trust = path("azure.toml");
    std::fs::write(&azure_trust, azure::AZURE.root_trust_toml().unwrap()).unwrap();
    let keys = path("google-jwks.json");
    std::fs::write(&keys, machine::GOOGLE.jwks().unwrap().to_string()).unwrap();
    let common = format!(
        "database.url = {:?}\nidentity.aws.trust = [{trust:?}]\n\
         identity.azure.trust = [{azure_trust:?}]\n\
         identity.google.keys_file = {keys:?}\n\
         identity.google.audiences = [\"<public_url>\", {:?}]\n\
         token.sealing_key_file = {:?}\n\
         [[operator]]\nname = \"tests\"\ntoken_sha256 = \"{}\"\nscopes = [\"read\", \"write\"]\n",
        database::url(folder.path()),
        machine::AUDIENCE,
        path("sealing-key"),
        sha256_hex(OPERATOR),
    );
    let files = [(path("common.toml"), common), (path("test.toml"), toml.to_owned())];
    let files = files.iter().map(|(path, text)| (path.as_path(), text.as_str()));
    Config::parse(files, []).unwrap()
}

fn trust_toml(signer: &AwsSigner) -> String {
    signer.trust_toml(machine::REGION).unwrap()
}

/// As an `[[operator]]` has it.
pub fn sha256_hex(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
