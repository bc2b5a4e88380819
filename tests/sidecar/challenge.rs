//! The whole of it where the broker asks for answers: emulated metadata, a broker that takes no
//! proof without one, and each command of the agent's side, none of which is told anything of it.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callsign::emulator::Machine as Emulated;
use serde_json::{Value, json};

use super::machine::{INSTANCE, Machine, Process, content};
use super::scripted::{Reply, ScriptedBroker};
use crate::support::broker::resource_on;

const REQUIRED: &str =
    "identity.azure.nonce = \"required\"\nidentity.google.audience = \"required\"\n";

/// The machine, with a broker that asks for answers and knows the agents of each cloud's machine.
fn machine() -> Machine {
    let now = callsign::clock::Clock::system().now();
    let emulated = Emulated::named(INSTANCE, "123456789012", "us-east-1", now).unwrap();
    let on = |provider, id: &str| resource_on(provider, id, &["main", "dev"]);
    let resources = on("azure", emulated.azure.vm_id.as_str())
        + &on("google", emulated.google.instance_id.as_str());
    let mut machine = Machine::new();
    machine.start_broker_with(&format!("{REQUIRED}{resources}"));
    machine
}

fn arguments<'a>(method: &'a str, url: &'a str) -> [&'a str; 6] {
    ["--auth", method, "--url", url, "--agent-name", "main"]
}

/// What the token says of how the machine proved itself.
fn methods(token: &str) -> Value {
    claims(token)["amr"].clone()
}

fn claims(token: &str) -> Value {
    let body = token.trim().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

const METHODS: [(&str, &str); 2] = [
    ("azure-instance-identity", "azure:attested-data"),
    ("google-instance-identity", "google:identity-token"),
];

#[test]
fn login_answers_the_challenge_by_itself() {
    let machine = machine();
    let url = machine.broker_url();
    for (method, kind) in METHODS {
        let mut command = machine.command();
        let done = command.arg("login").args(arguments(method, &url)).output().unwrap();
        let token = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "{method}: {}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(methods(&token), json!([kind, "challenge"]));
    }
}

#[test]
fn an_agent_answers_a_challenge_for_each_token() {
    let machine = machine();
    let url = machine.broker_url();
    for (method, kind) in METHODS {
        let file = machine.path(method);
        let mut command = machine.command();
        command.arg("agent").args(arguments(method, &url));
        let _agent = Process::start(command.args(["--token-file", file.to_str().unwrap()]));
        assert_eq!(methods(&content(&file)), json!([kind, "challenge"]));
    }
}

#[test]
fn the_doctor_finds_all_well_where_answers_are_required() {
    let machine = machine();
    let url = machine.broker_url();
    for (method, _) in METHODS {
        let mut command = machine.command();
        let done =
            command.args(["agent", "doctor"]).args(arguments(method, &url)).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    }
}

/// For whom the token is that a machine of Google's sends to a broker which asks for this audience.
fn sent_to_a_broker_that_asks_for(
    machine: &Machine,
    audience: impl Fn(&str) -> String,
    rest: &[&str],
) -> String {
    let asked: Arc<OnceLock<String>> = Arc::default();
    let asks = Arc::clone(&asked);
    let broker = ScriptedBroker::start(move |what, number| match what {
        "challenge" => Reply::challenge(asks.get().unwrap()),
        _ => Reply::token(number, 3_600),
    });
    asked.set(audience(&broker.url)).unwrap();
    let mut command = machine.command();
    let google = ["login", "--auth", "google-instance-identity", "--url", &broker.url];
    assert!(command.args(google).args(rest).output().unwrap().status.success());
    let login: Value = serde_json::from_str(&broker.asked("/v1/login/google")[0].body).unwrap();
    let audience = claims(login["json_web_token"].as_str().unwrap())["aud"].clone();
    audience.as_str().unwrap().replace(&broker.url, "BROKER")
}

/// A token of Google's is good for whom it names. A broker that could choose whom would get tokens
/// that are good elsewhere: at a bank, or at another broker whose challenge it passes on.
#[test]
fn a_broker_cannot_ask_for_a_token_that_is_good_elsewhere() {
    let machine = Machine::new();
    for elsewhere in [
        "https://bank.example",
        "https://other.example/v1/challenge/0123456789.AAAAAAAAAAAAAAAAAAAAAA",
        "BROKER.evil.example/v1/challenge/0123456789.AAAAAAAAAAAAAAAAAAAAAA",
        "BROKER0/v1/challenge/0123456789.AAAAAAAAAAAAAAAAAAAAAA",
        "",
    ] {
        let asks = |url: &str| elsewhere.replace("BROKER", url);
        assert_eq!(sent_to_a_broker_that_asks_for(&machine, asks, &[]), "BROKER", "{elsewhere}");
    }
    let asks = |url: &str| format!("{url}/v1/challenge/0123456789.AA");
    assert_eq!(
        sent_to_a_broker_that_asks_for(&machine, asks, &[]),
        "BROKER/v1/challenge/0123456789.AA"
    );
    assert_eq!(sent_to_a_broker_that_asks_for(&machine, asks, &["--audience", "coder"]), "coder");
    // Whom it may be for is the user's to say, where the broker is called by another address.
    let public = |_: &str| "https://b.example/v1/challenge/0123456789.AA".to_owned();
    assert_eq!(
        sent_to_a_broker_that_asks_for(&machine, public, &["--audience", "https://b.example/"]),
        "https://b.example/v1/challenge/0123456789.AA"
    );
}

#[test]
fn an_audience_of_ones_own_answers_nothing_and_a_name_that_is_none_is_told_by_the_login() {
    let machine = machine();
    let url = machine.broker_url();
    let login = |rest: &[&str]| {
        let mut command = machine.command();
        let google = ["login", "--auth", "google-instance-identity", "--url", &url];
        command.args(google).args(rest).output().unwrap().status.code()
    };
    assert_eq!(login(&["--agent-name", "main", "--audience", "coder"]), Some(12));
    assert_eq!(login(&["--agent-name", "main", "--audience", &url]), Some(0));
    assert_eq!(login(&["--agent-name", "main"]), Some(0));
    assert_eq!(login(&["--agent-name", "ghost"]), Some(11));
    assert_eq!(login(&[]), Some(10));
}
