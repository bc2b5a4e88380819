//! How is a token kept: renewed in time, through outages, under the name that it began with?

use std::fs;
use std::time::Duration;

use super::machine::{Machine, content, eventually};
use super::scripted::{Reply, ScriptedBroker};

#[test]
fn a_token_is_renewed_at_two_thirds_and_the_hook_told() {
    let machine = Machine::new();
    let broker = ScriptedBroker::start(|what, number| match what {
        "login" => Reply::token(number, 3),
        _ => Reply::noted(),
    });
    let token = machine.path("token");
    let hook = "echo $CALLSIGN_AGENT_NAME $(cat $CALLSIGN_TOKEN_FILE) >> told";
    let _agent = machine
        .agent_of(&broker.url, &["--token-file", token.to_str().unwrap(), "--on-renew", hook]);
    eventually("it has been renewed twice", || broker.asked("/aws").len() >= 3);
    let logins = broker.asked("/aws");
    let pause = logins[2].at - logins[1].at;
    assert!(pause >= Duration::from_millis(1_850), "{pause:?}");

    eventually("the hook has been told", || {
        let told = fs::read_to_string(machine.path("told")).unwrap_or_default();
        told.contains("main token-") && !told.contains("token-0")
    });
    // It began without a name. By now it has one, and a further agent does not make it ambiguous.
    assert!(!logins[0].body.contains("agent_name"), "{}", logins[0].body);
    assert!(logins[1].body.contains(r#""agent_name":"main""#), "{}", logins[1].body);
    assert!(!broker.asked("/heartbeat").is_empty());
}

#[test]
fn an_outage_after_the_first_token_is_sat_out_as_long_as_the_broker_says() {
    let machine = Machine::new();
    let broker = ScriptedBroker::start(|what, number| match (what, number) {
        ("login", 0) => Reply::token(0, 1),
        ("login", 1 | 2) => Reply::busy_for_a_second(),
        ("login", 3) => Reply::problem(401, "identity-rejected"),
        ("login", number) => Reply::token(number, 600),
        _ => Reply::busy_for_a_second(),
    });
    let token = machine.path("token");
    let mut agent = machine.agent_of(&broker.url, &["--token-file", token.to_str().unwrap()]);
    eventually("it has a token again", || content(&token) == "token-4");
    assert!(!agent.has_ended());
    let logins = broker.asked("/aws");
    for pair in logins[1..4].windows(2) {
        let pause = pair[1].at - pair[0].at;
        assert!(pause >= Duration::from_secs(1), "{pause:?}");
    }
}

#[test]
fn the_status_tells_of_the_token_and_of_what_went_wrong() {
    let machine = Machine::new();
    let broker = ScriptedBroker::start(|what, _| match what {
        "login" => Reply::token(0, 600),
        _ => Reply::busy_for_a_second(),
    });
    let token = machine.path("token");
    let _agent = machine.agent_of(&broker.url, &["--token-file", token.to_str().unwrap()]);
    eventually("the heartbeat has failed", || {
        fs::read_to_string(machine.path("token.status"))
            .is_ok_and(|text| text.contains("last_error"))
    });
    let mut command = machine.command();
    command.args(["agent", "status", "--token-file", "token"]);
    let done = command.output().unwrap();
    let told = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{told}");
    for part in ["main", "build-7", "runs", "expires in", "due in", "so it is"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let secret = content(&token);
    assert!(!fs::read_to_string(machine.path("token.status")).unwrap().contains(&secret));
}
