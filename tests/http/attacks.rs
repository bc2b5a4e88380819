//! Does each promise of SECURITY.md stand against who would break it over HTTP?

use std::time::Duration;

use callsign::http::{Patience, ServeSettings};
use reqwest::Method;
use serde_json::json;

use crate::support::broker::{OPERATOR, TestBroker, resource, send};
use crate::support::door::{Door, SETTINGS};
use crate::support::log;
use crate::support::machine::{AwsMachine, STRANGER};
use crate::support::probe::unasked;
use crate::support::raw;

const MACHINE: &str = "i-0123456789abcdef0";
const LOGIN: &str = "/v1/login/aws";

async fn broker() -> TestBroker {
    TestBroker::start(&resource(MACHINE, &["main", "dev"])).await
}

#[actix::test]
async fn a_name_writes_no_line_of_its_own_into_the_log() {
    let broker = broker().await;
    let line = "2027-01-15T08:00:00Z INFO login granted agent=forged";
    let mut login = AwsMachine::new(MACHINE).login(broker.clock.now(), None);
    for (id, name) in [
        ("log-attack-1", format!("x\n{line}")),
        ("log-attack-2", format!("x\r{line}")),
        ("log-attack-3", format!("x\u{1b}[2K\u{1b}[1G{line}")),
        ("log-attack-4", format!("x\u{2028}{line}\u{202e}")),
    ] {
        login["agent_name"] = json!(name);
        let request = broker.request(Method::POST, LOGIN).header("x-request-id", id);
        let answer = send(request.json(&login)).await;
        assert_eq!(answer.verdict(), "404 agent-unknown");
        let told = log::wait_for(id, "login refused").await;
        assert!(!told.contains(char::is_control), "{told:?}");
    }
    let forged = log::with(line);
    assert!(forged.iter().all(|told| told.contains("log-attack-")), "{forged:#?}");
}

#[actix::test]
async fn a_path_writes_no_line_of_its_own_into_the_log() {
    let broker = broker().await;
    let address = broker.service.address();
    for path in ["/path-attack%0aINFO%20forged", "/path-attack\u{1b}[2K", "/path-attack\tx"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n");
        let answer = raw::exchange(address, request.as_bytes()).await;
        assert!(["400", "404"].contains(&raw::status(&answer)), "{path:?}: {answer}");
    }
    for told in log::with("path-attack") {
        assert!(!told.contains(char::is_control), "{told:?}");
    }
}

#[actix::test]
async fn no_proof_token_or_key_is_logged_or_stored() {
    let broker = broker().await;
    let machine = AwsMachine::new(MACHINE);
    let token = broker.token(&machine, Some("main")).await;
    broker.get_as("/v1/agents/me", &token).await;
    broker.get_as("/v1/agents/me", OPERATOR).await;
    let proof = machine.pkcs7_by(&STRANGER, broker.clock.now()).replace('\n', "");
    let forged = json!({ "pkcs7": proof });
    let refused = broker.post(LOGIN, &forged).await;
    log::wait_for(refused.header("x-request-id").unwrap(), "login refused").await;
    let (_, signature) = token.rsplit_once('.').unwrap();
    let proof_part = &proof[proof.len() / 2..][..40];
    let secrets = [signature, proof_part, OPERATOR];
    for secret in secrets {
        assert_eq!(log::with(secret), [""; 0]);
        assert!(!refused.text.contains(secret));
    }
    let (folder, _) = broker.stop().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let content = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        for secret in secrets {
            assert!(!content.contains(secret), "{} holds {secret}", path.display());
        }
    }
}

#[actix::test]
async fn who_proved_nothing_is_refused_before_anything_is_looked_up() {
    let broker = broker().await;
    let door = Door::open(&broker, |front| {
        front.broker.find = unasked();
        front.broker.mint = unasked();
    });
    for id in [MACHINE, "i-unknown"] {
        let forged = AwsMachine::new(id).pkcs7_by(&STRANGER, broker.clock.now());
        let body = json!({ "pkcs7": forged, "agent_name": "main" });
        let answer = send(door.request(Method::POST, LOGIN).json(&body)).await;
        // A question to the directory would have failed, and taken a time that tells.
        answer.assert_problem("401 identity-rejected", &[]);
    }
}

#[actix::test]
async fn a_body_that_does_not_come_is_given_up() {
    let broker = broker().await;
    let patience = Patience { body: Duration::from_millis(30), ..SETTINGS.patience };
    let door = Door::set_up(&broker, ServeSettings { patience, ..SETTINGS });
    let head = format!(
        "POST {LOGIN} HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{{"
    );
    let answer = raw::exchange(door.address(), head.as_bytes()).await;
    assert_eq!(raw::status(&answer), "408", "{answer}");
    assert!(answer.contains("request-timeout"), "{answer}");
}

#[actix::test]
async fn a_request_of_two_lengths_is_not_read_in_two_ways() {
    let broker = broker().await;
    let hidden = "GET /v1/agents/me HTTP/1.1\r\nHost: b\r\n\r\n";
    for lengths in [
        "Content-Length: 0\r\nContent-Length: 40\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 3, 3\r\n",
    ] {
        let request = format!(
            "POST {LOGIN} HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\n\
             {lengths}\r\n0\r\n\r\n{hidden}"
        );
        let exchange = raw::exchange(broker.service.address(), request.as_bytes());
        let answer = tokio::time::timeout(Duration::from_secs(4), exchange).await;
        let answer = answer.unwrap_or_default();
        assert!(answer.matches("HTTP/1.1").count() <= 1, "{lengths}\n{answer}");
        assert!(!answer.contains("token-rejected"), "{lengths}\n{answer}");
    }
}
