//! `callsign verify` on a machine with a real broker: is what is wrong found, and nothing else?

use std::process::Output;

use serde_json::{Value, json};

use super::machine::{Machine, content};

fn verify(machine: &Machine, arguments: &[&str]) -> (i32, String) {
    let mut command = machine.command();
    command.args(["verify", "--auth", "aws-instance-identity", "--url", &machine.broker_url()]);
    let Output { status, stdout, .. } = command.args(arguments).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap())
}

/// The checks that did not agree, and what was seen instead.
fn wrong(machine: &Machine, agents: &str) -> Vec<(String, String)> {
    let (code, report) = verify(machine, &["--agents", agents, "--output", "json"]);
    let checks: Vec<Value> = serde_json::from_str(&report).unwrap();
    let text = |check: &Value, member: &str| check[member].as_str().unwrap().to_owned();
    let wrong: Vec<_> = checks
        .iter()
        .filter(|check| check["ok"] == false)
        .map(|check| (text(check, "check"), text(check, "seen")))
        .collect();
    assert_eq!(code, i32::from(!wrong.is_empty()), "{report}");
    wrong
}

#[test]
fn a_machine_as_it_should_be_agrees_with_every_row() {
    let mut machine = Machine::new();
    machine.start_broker(&["main", "dev"]);
    let (code, report) = verify(&machine, &["--agents", "main,dev"]);
    let expected = "\
CHECK                   EXPECTED                        SEEN                            OK
dev logs in             200 dev                         200 dev                         yes
main logs in            200 main                        200 main                        yes
each its own token      2 tokens of 2 agents            2 tokens of 2 agents            yes
a login without a name  409 agent-ambiguous: dev, main  409 agent-ambiguous: dev, main  yes
nobody logs in          404 agent-unknown: dev, main    404 agent-unknown: dev, main    yes
";
    assert_eq!((code, report.as_str()), (0, expected));

    let (code, report) = verify(&machine, &["--agents", "main,dev", "--output", "json"]);
    let checks: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((code, checks.as_array().unwrap().len()), (0, 5));
    assert_eq!(
        checks[1],
        json!({ "check": "main logs in", "expected": "200 main", "seen": "200 main", "ok": true })
    );
}

#[test]
fn an_agent_that_is_registered_and_not_named_or_named_and_not_registered_is_found() {
    let mut machine = Machine::new();
    machine.start_broker(&["main", "dev", "lint"]);
    let all = "dev, lint, main";
    let expected = [
        ("a login without a name".to_owned(), format!("409 agent-ambiguous: {all}")),
        ("nobody logs in".to_owned(), format!("404 agent-unknown: {all}")),
    ];
    assert_eq!(wrong(&machine, "main,dev"), expected);

    machine.reregister(&["main"]);
    let expected = [
        ("dev logs in", "404 agent-unknown: main"),
        ("each its own token", "1 tokens of 1 agents"),
        ("a login without a name", "200 main"),
        ("nobody logs in", "404 agent-unknown: main"),
    ];
    let expected = expected.map(|(check, seen)| (check.to_owned(), seen.to_owned()));
    assert_eq!(wrong(&machine, "main,dev"), expected);
    assert_eq!(wrong(&machine, "main"), []);

    machine.reregister(&[]);
    let refused = wrong(&machine, "main");
    assert_eq!(refused[0].1, "410 instance-retired");
    assert_eq!(refused.len(), 4);
}

#[test]
fn whether_each_sidecar_runs_is_seen_where_it_is_asked_for() {
    let mut machine = Machine::new();
    machine.start_broker(&["main"]);
    let (code, report) = verify(&machine, &["--agents", "main", "--connected"]);
    assert!(code == 1 && report.contains("200 main, away"), "{report}");

    let token = machine.path("token");
    let _agent = machine.agent(&["--token-file", token.to_str().unwrap()]);
    content(&token);
    super::machine::eventually("the agent is connected", || {
        verify(&machine, &["--agents", "main", "--connected"]).0 == 0
    });
}

#[test]
fn without_a_broker_or_a_metadata_service_there_is_nothing_to_check() {
    let machine = Machine::new();
    assert_eq!(verify(&machine, &["--agents", "main"]).0, 13);
    assert_eq!(verify(&Machine::dark(), &["--agents", "main"]).0, 13);
    for wrong in [&[][..], &["--agents", ""], &["--agents", "main,main"], &["--agents", "a b"]] {
        assert_eq!(verify(&machine, wrong).0, 2, "{wrong:?}");
    }
}
