//! How does a sidecar end: with its program, on a signal, or because its agent is no more?

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use super::machine::{Machine, content, eventually};
use super::scripted::{Reply, ScriptedBroker};

fn granting() -> ScriptedBroker {
    ScriptedBroker::start(|what, number| match what {
        "login" => Reply::token(number, 600),
        _ => Reply::noted(),
    })
}

#[test]
fn the_programs_exit_code_is_the_agents() {
    let (machine, broker) = (Machine::new(), granting());
    for (script, expected) in [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137)] {
        let (code, log) = machine.agent_of(&broker.url, &["--", "sh", "-c", script]).end();
        assert_eq!(code, expected, "{log}");
    }
}

#[test]
fn the_program_finds_its_token_and_its_name() {
    let (machine, broker) = (Machine::new(), granting());
    let script = "cat $CALLSIGN_TOKEN_FILE > seen; echo \" $CALLSIGN_AGENT_NAME\" >> seen; \
                  stat -c %a $CALLSIGN_TOKEN_FILE $(dirname $CALLSIGN_TOKEN_FILE) >> seen";
    let (code, log) = machine.agent_of(&broker.url, &["--", "sh", "-c", script]).end();
    assert_eq!(code, 0, "{log}");
    assert_eq!(fs::read_to_string(machine.path("seen")).unwrap(), "token-0 main\n600\n700\n");
}

#[test]
fn signals_reach_the_program_and_it_decides() {
    let (machine, broker) = (Machine::new(), granting());
    let script = "trap 'echo hup >> heard' HUP; trap 'echo usr1 >> heard' USR1; \
                  trap 'exit 9' TERM; echo $$ > pid; while :; do sleep 0.05; done";
    let mut agent = machine.agent_of(&broker.url, &["--", "sh", "-c", script]);
    content(&machine.path("pid"));
    for (signal, word) in [(Signal::HUP, "hup"), (Signal::USR1, "usr1")] {
        agent.signal(signal);
        eventually("the program heard it", || {
            fs::read_to_string(machine.path("heard")).is_ok_and(|heard| heard.contains(word))
        });
    }
    assert!(!agent.has_ended());
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().0, 9);
}

#[test]
fn retirement_at_renewal_ends_the_program_and_leaves_no_zombie() {
    let machine = Machine::new();
    let broker = ScriptedBroker::start(|what, number| match (what, number) {
        ("login", 0) => Reply::token(0, 2),
        ("login", _) => Reply::problem(410, "instance-retired"),
        _ => Reply::noted(),
    });
    let script = "trap 'echo asked > ended; exit 0' TERM; echo $$ > pid; \
                  while :; do sleep 0.05; done";
    let agent = machine.agent_of(&broker.url, &["--", "sh", "-c", script]);
    let pid = content(&machine.path("pid"));
    let (code, log) = agent.end();
    assert_eq!(code, 11, "{log}");
    assert_eq!(content(&machine.path("ended")), "asked\n");
    assert!(!Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn a_revoked_token_is_noticed_at_the_heartbeat() {
    let machine = Machine::new();
    let broker = ScriptedBroker::start(|what, number| match (what, number) {
        ("login", 0) => Reply::token(0, 3_600),
        ("login", _) => Reply::problem(404, "agent-unknown"),
        _ => Reply::problem(401, "token-rejected"),
    });
    let (code, log) = machine.agent_of(&broker.url, &["--", "sleep", "60"]).end();
    assert_eq!(code, 11, "{log}");
}

#[test]
fn before_the_first_token_each_cause_ends_it_with_its_code() {
    let machine = Machine::new();
    for (status, code, expected) in [
        (409, "agent-ambiguous", 10),
        (404, "agent-unknown", 11),
        (401, "identity-rejected", 12),
        (403, "not-allowed", 12),
        (400, "malformed-request", 1),
    ] {
        let broker = ScriptedBroker::start(move |_, _| Reply::problem(status, code));
        let (seen, log) = machine.agent_of(&broker.url, &["--", "touch", "started"]).end();
        assert_eq!(seen, expected, "{log}");
        assert_eq!(broker.asked("/aws").len(), 1);
    }
    for (status, code, expected) in
        [(404, "instance-unknown", 11), (410, "instance-retired", 11), (503, "unavailable", 13)]
    {
        let broker = ScriptedBroker::start(move |_, _| Reply::problem(status, code));
        let (seen, log) = machine.agent_of(&broker.url, &["--wait", "0s"]).end();
        assert_eq!(seen, expected, "{log}");
        let waits = ScriptedBroker::start(move |_, _| Reply::problem(status, code));
        let (seen, log) = machine.agent_of(&waits.url, &["--wait", "2s"]).end();
        assert_eq!(seen, expected, "{log}");
        // Again and again meanwhile: how often in two seconds is for the machine to say.
        assert!(waits.asked("/aws").len() >= 2, "{log}");
        let _agent = machine.agent_of(&waits.url, &["--wait", "1h"]);
        let before = waits.asked("/aws").len();
        eventually("it asks again and again", || waits.asked("/aws").len() >= before + 3);
    }
    assert!(!machine.path("started").exists());
}

#[test]
fn nobody_at_the_other_end_is_13_and_the_log_says_which_end() {
    let away = "http://127.0.0.1:1";
    let (code, log) = Machine::new().agent_of(away, &["--wait", "0s"]).end();
    assert_eq!(code, 13, "{log}");
    assert!(log.contains("the broker at http://127.0.0.1:1"), "{log}");
    let (code, log) = Machine::dark().agent_of(away, &["--wait", "0s"]).end();
    assert_eq!(code, 13, "{log}");
    assert!(log.contains("EC2's metadata service"), "{log}");
}

#[test]
fn a_signal_before_the_first_token_ends_it() {
    let machine = Machine::new();
    let broker = ScriptedBroker::start(|_, _| Reply::problem(404, "instance-unknown"));
    let agent = machine.agent_of(&broker.url, &[]);
    eventually("it has asked", || !broker.asked("/aws").is_empty());
    agent.signal(Signal::TERM);
    let (code, log) = agent.end();
    assert_eq!(code, 0, "{log}");
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    let machine = Machine::new();
    let broker = ScriptedBroker::start(|what, _| match what {
        // Good for ten minutes and expiring in twenty: the broker's clock is ten minutes ahead.
        "login" => Reply::token(0, 1_200).claiming(600),
        _ => Reply::noted(),
    });
    let (code, log) = machine.agent_of(&broker.url, &["--", "true"]).end();
    assert_eq!(code, 0);
    assert!(
        log.contains("this machine's clock is ") && log.contains("behind the broker's"),
        "{log}"
    );
}
