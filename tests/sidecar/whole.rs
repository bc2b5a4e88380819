//! The whole of it: emulated metadata, a real broker on SQLite, and sidecars, as on a machine.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;

use callsign::client::BrokerClient;
use callsign::wire::Me;
use rustix::process::Signal;

use super::machine::{Machine, Process, content, eventually};

/// The user that programs run as which are nobody's, on every system.
const NOBODY: u32 = 65_534;

#[track_caller]
pub(super) fn me(machine: &Machine, token: &str) -> Option<Me> {
    let broker = BrokerClient::new(&machine.broker_url()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(broker.me(token)).ok()
}

#[track_caller]
pub(super) fn is_connected(machine: &Machine, token: &str, name: &str) {
    eventually("the broker counts it as connected", || {
        me(machine, token).is_some_and(|me| me.agent.connected && me.agent.name == name)
    });
}

/// An agent in a folder of its own, as this user if we may choose.
fn agent_of_user(machine: &Machine, name: &str, user: u32) -> Process {
    let folder = machine.path(name);
    fs::create_dir(&folder).unwrap();
    let token = folder.join("token");
    let mut command = machine.agent_command(&machine.broker_url());
    command.args(["--agent-name", name, "--token-file", token.to_str().unwrap()]);
    if rustix::process::getuid().is_root() {
        chown(&folder, Some(user), Some(user)).unwrap();
        command.uid(user).gid(user);
    }
    Process::start(&mut command)
}

#[test]
fn two_agents_of_one_machine_are_both_connected_each_with_its_own_token() {
    let mut machine = Machine::open();
    machine.start_broker(&["main", "dev"]);
    let mut agents = Vec::new();
    let mut tokens = Vec::new();
    for (name, user) in [("main", NOBODY), ("dev", NOBODY - 1)] {
        agents.push(agent_of_user(&machine, name, user));
        let file = machine.path(name).join("token");
        tokens.push(content(&file));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        is_connected(&machine, tokens.last().unwrap(), name);
    }
    assert_ne!(tokens[0], tokens[1]);

    // Without a name neither is it: the one that asks learns both names.
    let (code, log) = machine.agent(&[]).end();
    assert_eq!(code, 10, "{log}");
    assert!(log.contains("dev, main"), "{log}");

    for agent in agents {
        agent.signal(Signal::TERM);
        let (code, log) = agent.end();
        assert_eq!(code, 0, "{log}");
    }
}

#[test]
fn an_agent_that_is_there_before_metadata_registration_and_broker_gets_its_token() {
    let mut machine = Machine::dark();
    let token = machine.path("token");
    let mut agent = machine.agent(&["--token-file", token.to_str().unwrap(), "--wait", "2m"]);
    machine.start_metadata();
    machine.start_broker(&[]);
    eventually("the agent has been refused", || {
        let status = fs::read_to_string(machine.path("token.status")).unwrap_or_default();
        status.contains("instance-unknown")
    });
    assert!(!agent.has_ended() && !token.exists());
    machine.reregister(&["main"]);
    is_connected(&machine, &content(&token), "main");

    // A broker that is restarted finds the agent still there, with a token that still stands.
    machine.stop_broker();
    machine.start_broker(&["main"]);
    assert!(!agent.has_ended());
    is_connected(&machine, &content(&token), "main");
}

#[test]
fn login_prints_one_token_and_nothing_else() {
    let mut machine = Machine::new();
    machine.start_broker(&["main", "dev"]);
    let url = machine.broker_url();
    let login = |variable: (&str, &str)| {
        let mut command = machine.command();
        command.args(["login", "--url", &url]).env(variable.0, variable.1).output().unwrap()
    };
    for variable in ["CALLSIGN_AGENT_NAME", "CODER_AGENT_NAME"] {
        let done = login((variable, "dev"));
        let token = String::from_utf8(done.stdout).unwrap();
        assert_eq!(me(&machine, token.trim_end()).unwrap().agent.name, "dev");
        assert_eq!(token.lines().count(), 1);
    }
    let refused = login(("CALLSIGN_AGENT_NAME", " "));
    assert_eq!(refused.status.code(), Some(10));
    assert!(refused.stdout.is_empty());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("dev, main"));
    assert_eq!(login(("CALLSIGN_AGENT_NAME", "ghost")).status.code(), Some(11));
}

#[test]
fn the_doctor_says_what_each_step_found() {
    let mut machine = Machine::new();
    machine.start_broker(&["main", "dev"]);
    let url = machine.broker_url();
    let doctor = |arguments: &[&str]| {
        let mut command = machine.command();
        let done = command.args(["agent", "doctor"]).args(arguments).output().unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap())
    };
    let (code, report) = doctor(&["--url", &url, "--agent-name", "main"]);
    assert_eq!((code, report.matches("ok ").count()), (0, 3), "{report}");
    assert!(report.contains("this is main on machine, and would get a token"), "{report}");

    let (code, report) = doctor(&["--url", &url]);
    assert_eq!(code, 10);
    assert!(report.contains("WRONG  login") && report.contains("dev, main"), "{report}");

    // Nobody listens at port 1, and the metadata half is told all the same.
    let (code, report) = doctor(&["--url", "http://127.0.0.1:1"]);
    assert_eq!(code, 13);
    assert!(report.contains("ok     metadata") && report.contains("WRONG  broker"), "{report}");
}
