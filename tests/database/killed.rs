//! Two brokers on one PostgreSQL, each a process of its own, and one of them is killed under load.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use callsign::clock::Clock;
use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{MACHINE, registered};
use crate::support::database::{is_postgres, prepare, section};
use crate::support::http::client;
use crate::support::machine::{AWS, AwsMachine, REGION};
use crate::support::patience::AMPLE;
use crate::support::process::Served;

/// Tokens of each broker, at least, before one is killed, and of the other after that.
const ENOUGH: usize = 60;

fn serve(folder: &Path) -> Served {
    let toml = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[token]\nsealing_key_file = \"sealing-key\"\n[log]\n\
         filter = \"warn,callsign::cli=info\"\n[identity.aws]\ntrust = [\"aws.toml\"]\n{}{}",
        section(folder),
        registered()
    );
    fs::write(folder.join("aws.toml"), AWS.trust_toml(REGION).unwrap()).unwrap();
    fs::write(folder.join("a.toml"), toml).unwrap();
    Served::start(folder, &["-c", "a.toml"])
}

/// A broker under load, as its clients see it.
struct Loaded {
    url: String,
    answered: AtomicUsize,
    enough: AtomicUsize,
}

impl Loaded {
    fn new(served: &Served) -> Self {
        let (answered, enough) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        Self { url: format!("{}/v1/login/aws", served.url), answered, enough }
    }

    /// Several clients that log in over and over, until there is enough or the broker is no more;
    /// gives each token that came whole.
    async fn log_in(&self, pkcs7: &str) -> Vec<String> {
        let clients = (0..8).map(|number| {
            // The same agents at every broker, so that their commits wait for each other.
            let name = ["main", "dev"][number % 2];
            self.log_in_as(json!({ "pkcs7": pkcs7, "agent_name": name }))
        });
        join_all(clients).await.concat()
    }

    async fn log_in_as(&self, body: Value) -> Vec<String> {
        let (http, mut tokens) = (client(), Vec::new());
        while self.answered.load(Ordering::SeqCst) < self.enough.load(Ordering::SeqCst) {
            let Ok(answer) = http.post(&self.url).json(&body).send().await else { break };
            let status = answer.status();
            let Ok(answer) = answer.json::<Value>().await else { break };
            assert_eq!(status, 200, "{answer}");
            tokens.push(answer["session_token"].as_str().unwrap().to_owned());
            self.answered.fetch_add(1, Ordering::SeqCst);
        }
        tokens
    }

    async fn wait_for(&self, answered: usize) {
        let begun = Instant::now();
        while self.answered.load(Ordering::SeqCst) < answered {
            assert!(begun.elapsed() < AMPLE, "the load makes no way");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[actix::test]
async fn a_broker_that_is_killed_takes_neither_tokens_nor_its_neighbour_down() {
    if !is_postgres() {
        println!("skipped: needs PostgreSQL (.ci/with-postgres)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path()).await;
    let (killed, left) = (serve(folder.path()), serve(folder.path()));
    let pkcs7 = AwsMachine::new(MACHINE).pkcs7(Clock::system().now());
    let (first, second) = (Loaded::new(&killed), Loaded::new(&left));
    let kill = async {
        first.wait_for(ENOUGH).await;
        second.wait_for(ENOUGH).await;
        killed.signal(Signal::KILL);
        let meanwhile = second.answered.load(Ordering::SeqCst);
        second.enough.store(meanwhile + ENOUGH, Ordering::SeqCst);
    };
    let (of_first, of_second, ()) = tokio::join!(first.log_in(&pkcs7), second.log_in(&pkcs7), kill);
    assert!(of_first.len() >= ENOUGH && of_second.len() >= 2 * ENOUGH);

    let http = client();
    for token in of_first.iter().chain(&of_second) {
        let me = http.get(format!("{}/v1/agents/me", left.url)).bearer_auth(token);
        assert_eq!(me.send().await.unwrap().status(), 200, "a token is not on record");
    }
}
