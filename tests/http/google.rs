//! Who gets a token over HTTP on Google, natively and by the route of existing agent clients?

use chrono::TimeDelta;
use serde_json::json;

use crate::support::broker::{TestBroker, resource_on};
use crate::support::key_server::KeyServer;
use crate::support::machine::{GOOGLE, GoogleMachine};

const MACHINE: &str = "2589000000000000001";
const NATIVE: &str = "/v1/login/google";
const COMPATIBLE: &str = "/api/v2/workspaceagents/google-instance-identity";

async fn broker() -> TestBroker {
    let machine = resource_on("google", MACHINE, &["main", "dev"]);
    TestBroker::start(&format!("{machine}account = \"test-project\"\n")).await
}

#[actix::test]
async fn each_agent_of_a_machine_gets_its_own_token() {
    let broker = broker().await;
    let machine = GoogleMachine::new(MACHINE);
    for name in ["main", "dev"] {
        let login = machine.login(broker.clock.now(), Some(name));
        let answer = broker.post(NATIVE, &login).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let resource = &answer.json()["resource"];
        assert_eq!(resource["provider"], "google");
        assert_eq!(resource["account"], "test-project");
        assert_eq!(resource["instance_id"], MACHINE);
        let token = answer.json()["session_token"].as_str().unwrap().to_owned();
        let claims = super::session::read(&broker, &token, "callsign").await.claims;
        assert_eq!(claims["agent_name"], name);
        assert_eq!(claims["amr"], json!(["google:identity-token"]));
        assert_eq!(claims["instance"]["region"], "us-east1");
    }
}

#[actix::test]
async fn several_agents_and_no_name_is_a_conflict_and_an_unknown_name_is_told() {
    let broker = broker().await;
    let machine = GoogleMachine::new(MACHINE);
    let ask = |name| machine.login(broker.clock.now(), name);
    let conflict = broker.post(NATIVE, &ask(None)).await;
    assert_eq!(conflict.verdict(), "409 agent-ambiguous");
    assert_eq!(conflict.json()["agents"], json!(["dev", "main"]));
    let unknown = broker.post(NATIVE, &ask(Some("ghost"))).await;
    assert_eq!(unknown.verdict(), "404 agent-unknown");
    let stranger = GoogleMachine::new("1").login(broker.clock.now(), None);
    assert_eq!(broker.post(NATIVE, &stranger).await.verdict(), "404 instance-unknown");
}

#[actix::test]
async fn a_token_by_a_strangers_key_for_somebody_else_or_of_yesterday_is_refused() {
    let broker = broker().await;
    let machine = GoogleMachine::new(MACHINE);
    let now = broker.clock.now();
    let good = machine.token(now);
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    for token in [
        format!("{unsigned}."),
        format!("{unsigned}.e30"),
        machine.token_for("another", now),
        machine.token(now - TimeDelta::days(1)),
    ] {
        let answer = broker.post(NATIVE, &json!({ "json_web_token": token })).await;
        assert_eq!(answer.verdict(), "401 identity-rejected");
        assert!(!answer.text.contains(MACHINE), "{}", answer.text);
    }
}

#[actix::test]
async fn a_body_that_is_none_is_told_which_member_is_to_blame() {
    let broker = broker().await;
    for body in [
        json!({}),
        json!({ "agent_name": "dev" }),
        json!({ "json_web_token": "" }),
        json!({ "json_web_token": "a.b" }),
        json!({ "json_web_token": "e30.e3+/.e30" }),
        json!({ "json_web_token": 1 }),
    ] {
        let answer = broker.post(NATIVE, &body).await;
        assert_eq!(answer.verdict(), "400 malformed-request", "{body}");
        assert_eq!(answer.json()["field"], "json_web_token", "{body}");
    }
    let token = GoogleMachine::new(MACHINE).token(broker.clock.now());
    let body = json!({ "json_web_token": token, "signature": "" });
    let answer = broker.post(NATIVE, &body).await;
    assert_eq!(answer.verdict(), "400 malformed-request");
    assert_eq!(answer.json()["field"], "signature");
}

#[actix::test]
async fn existing_agent_clients_log_in_unchanged() {
    let broker = broker().await;
    let machine = GoogleMachine::new(MACHINE);
    let mut login = machine.login(broker.clock.now(), Some("dev"));
    login["of_a_later_client"] = json!(true);
    let answer = broker.post(COMPATIBLE, &login).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let members: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["session_token"]);

    let message = |answer: &crate::support::broker::Answer| {
        (answer.status, answer.json()["message"].as_str().unwrap().to_owned())
    };
    let conflict = broker.post(COMPATIBLE, &machine.login(broker.clock.now(), None)).await;
    let told = format!(
        "Multiple agents found with instance ID \"{MACHINE}\". Set CODER_AGENT_NAME to one of: \
         dev, main"
    );
    assert_eq!(message(&conflict), (409, told));
    let forged = json!({ "json_web_token": machine.token_for("other", broker.clock.now()) });
    let forged = broker.post(COMPATIBLE, &forged).await;
    assert_eq!(message(&forged), (401, "Invalid GCP identity.".to_owned()));
    let stranger = GoogleMachine::new("1").login(broker.clock.now(), None);
    let stranger = broker.post(COMPATIBLE, &stranger).await;
    assert_eq!(message(&stranger), (404, "Instance with id \"1\" not found.".to_owned()));
    let empty = broker.post(COMPATIBLE, &json!({})).await;
    assert_eq!(message(&empty), (400, "Validation failed.".to_owned()));
    assert_eq!(empty.json()["validations"][0]["field"], "json_web_token");
}

#[actix::test]
async fn only_listed_projects_are_let_in() {
    let machine = resource_on("google", MACHINE, &["main"]);
    let only = |project: &str| format!("identity.google.projects = [{project:?}]\n{machine}");
    let login = |broker: &TestBroker| GoogleMachine::new(MACHINE).login(broker.clock.now(), None);
    let broker = TestBroker::start(&only("test-project")).await;
    assert_eq!(broker.post(NATIVE, &login(&broker)).await.verdict(), "200");
    let broker = TestBroker::start(&only("other-project")).await;
    assert_eq!(broker.post(NATIVE, &login(&broker)).await.verdict(), "403 not-allowed");
}

#[actix::test]
async fn a_provider_that_is_switched_off_is_told_so_and_fetches_nothing() {
    let server = KeyServer::start(&GOOGLE.jwks().unwrap().to_string(), "");
    let toml = format!(
        "identity.google.enabled = false\nidentity.google.keys_file = \"\"\n\
         identity.google.keys_url = {:?}\n",
        server.url()
    );
    let broker = TestBroker::start(&toml).await;
    let login = GoogleMachine::new(MACHINE).login(broker.clock.now(), None);
    assert_eq!(broker.post(NATIVE, &login).await.verdict(), "404 not-enabled");
    let ready = broker.get("/readyz").await;
    assert!(ready.json()["parts"].get("google_keys").is_none(), "{}", ready.text);
    assert_eq!(server.asked(), 0);
}

#[actix::test]
async fn without_keys_the_broker_is_ready_but_degraded_and_decides_nothing() {
    let server = KeyServer::start("not yet", "");
    let machine = resource_on("google", MACHINE, &["main"]);
    let toml = format!(
        "identity.google.keys_file = \"\"\nidentity.google.keys_url = {:?}\n{machine}",
        server.url()
    );
    let broker = TestBroker::start(&toml).await;
    let ready = broker.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)));
    assert_eq!(ready.json()["parts"]["google_keys"]["status"], "degraded");
    let metrics = broker.get("/metrics").await.text;
    assert!(metrics.contains("callsign_key_set_degraded{provider=\"google\"} 1"), "{metrics}");

    let login = GoogleMachine::new(MACHINE).login(broker.clock.now(), None);
    let answer = broker.post(NATIVE, &login).await;
    assert_eq!(answer.verdict(), "503 unavailable");
    assert!(answer.header("retry-after").is_some());
}

#[actix::test]
async fn keys_that_are_here_are_told_with_their_age() {
    let broker = broker().await;
    broker.clock.move_by(TimeDelta::seconds(90));
    let ready = broker.get("/readyz").await;
    assert_eq!(ready.json()["parts"]["google_keys"], json!({ "status": "ok" }));
    let metrics = broker.get("/metrics").await.text;
    for line in [
        "callsign_key_set_age_seconds{provider=\"google\"} 90",
        "callsign_key_set_degraded{provider=\"google\"} 0",
    ] {
        assert!(metrics.contains(line), "{line}\nis not in\n{metrics}");
    }
}
