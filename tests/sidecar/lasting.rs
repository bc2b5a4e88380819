//! The whole of it over a while: renewals, outages and retirement, against a real broker.

use std::fs;
use std::path::Path;

use super::machine::{Machine, content, eventually};
use super::relay::Relay;
use super::whole::{is_connected, me};

/// A program that says how it was ended.
const PROGRAM: [&str; 4] = [
    "--",
    "sh",
    "-c",
    "trap 'echo asked > ended; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done",
];

fn status(machine: &Machine) -> serde_json::Value {
    let status = fs::read_to_string(machine.path("token.status")).unwrap_or_default();
    serde_json::from_str(&status).unwrap_or_default()
}

fn last_error(machine: &Machine) -> String {
    status(machine)["last_error"]["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn retirement_while_it_runs_ends_the_program_and_then_the_agent_with_11() {
    let mut machine = Machine::new();
    machine.start_broker(&["main"]);
    let relay = Relay::start(&machine.broker_url());
    let token = machine.path("token");
    let mut arguments = vec!["--token-file", token.to_str().unwrap()];
    arguments.extend(PROGRAM);
    let agent = machine.agent_of(&relay.url, &arguments);
    let pid = content(&machine.path("pid"));
    let held = content(&token);
    assert!(me(&machine, &held).is_some());
    eventually("a heartbeat is lost", || last_error(&machine).contains("cannot be reached"));

    machine.reregister(&[]);
    assert!(me(&machine, &held).is_none(), "the token of a retired agent stands");
    relay.mend();
    let (code, log) = agent.end();
    assert_eq!(code, 11, "{log}");
    assert!(log.contains("instance-retired"), "{log}");
    assert_eq!(content(&machine.path("ended")), "asked\n");
    assert!(!Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn heartbeats_that_are_lost_for_a_while_end_nothing() {
    let mut machine = Machine::new();
    machine.start_broker(&["main"]);
    let relay = Relay::start(&machine.broker_url());
    let token = machine.path("token");
    let mut agent = machine.agent_of(&relay.url, &["--token-file", token.to_str().unwrap()]);
    let held = content(&token);
    eventually("a heartbeat is lost", || last_error(&machine).contains("cannot be reached"));
    assert!(me(&machine, &held).is_some_and(|me| !me.agent.connected));

    // The broker goes and comes back meanwhile.
    machine.stop_broker();
    machine.start_broker(&["main"]);
    relay.mend();
    eventually("a heartbeat is heard", || status(&machine)["last_heartbeat_at"].is_string());
    is_connected(&machine, &held, "main");
    assert!(!agent.has_ended());
    assert_eq!(content(&token), held);
}

/// The shortest lifetime is a minute, so this takes two thirds of one.
#[test]
#[ignore = "takes three quarters of a minute; .ci/run runs it"]
fn a_token_is_renewed_within_a_minute_though_its_metadata_service_was_away_when_it_was_due() {
    let mut machine = Machine::new();
    machine.lifetime = Some("1m");
    machine.start_broker(&["main"]);
    let token = machine.path("token");
    let mut agent = machine.agent(&["--token-file", token.to_str().unwrap()]);
    let first = content(&token);
    is_connected(&machine, &first, "main");

    machine.stop_metadata();
    eventually("the renewal fails", || last_error(&machine).contains("metadata service"));
    assert_eq!(content(&token), first);
    machine.start_metadata();
    eventually("the token is another one", || content(&token) != first);
    is_connected(&machine, &content(&token), "main");
    assert!(me(&machine, &first).is_some(), "the first one still has a third of its time");
    assert!(!agent.has_ended());
}
