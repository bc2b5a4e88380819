//! The program itself, as an operator runs it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

/// Runs a command of `callsign` to its end, in this folder.
pub fn callsign(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

/// Copies a file that can be run. A process of its own does, since what another thread of ours starts
/// meanwhile may hold open what we write, and a file that is open for writing cannot be run.
pub fn copy_program(from: &Path, to: &Path) {
    assert!(Command::new("cp").args([from, to]).status().unwrap().success());
}

/// A broker in a process of its own, with the lines that it logs. It is killed with the test.
#[derive(Debug)]
pub struct Served {
    /// Where it answers.
    pub url: String,
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Served {
    /// Starts a broker in this folder and waits until it is ready.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::spawn(without_google(command(folder).args(["serve"]).args(arguments)))
    }

    /// The same with Google's machines let in: the configuration has their keys in a file.
    pub fn start_with_google(folder: &Path, arguments: &[&str]) -> Self {
        Self::spawn(command(folder).args(["serve"]).args(arguments))
    }

    /// One for [`Self::bound_files`]: writes beyond a bound fail, and do not end it.
    pub fn start_for_bounds(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_after("trap '' XFSZ", folder, arguments)
    }

    /// One that may open no more than so many files.
    pub fn start_with_files(files: u32, folder: &Path, arguments: &[&str]) -> Self {
        Self::start_after(&format!("ulimit -n {files}"), folder, arguments)
    }

    /// One that inherits what a shell sets up by this.
    fn start_after(set_up: &str, folder: &Path, arguments: &[&str]) -> Self {
        let mut shell = Command::new("/bin/sh");
        let script = format!("{set_up}; exec \"$0\" serve \"$@\"");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_callsign")]).args(arguments);
        Self::spawn(without_google(shell.current_dir(folder).env_clear()))
    }

    /// The memory that it takes, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut served = Self { url: String::new(), child, log };
        let ready = served.wait_for(" ready ");
        let url = ready.split(" url=\"").nth(1).and_then(|rest| rest.split('"').next());
        served.url = url.unwrap().to_owned();
        served
    }

    /// The address of its URL.
    pub fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().unwrap()
    }

    /// Reads on until a line with this text, and gives that line.
    pub fn wait_for(&mut self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            let read = self.log.read_line(&mut line).unwrap();
            assert!(read > 0, "the broker ended before it logged {text:?}:\n{seen}");
            if line.contains(text) {
                return line;
            }
            seen.push_str(&line);
        }
    }

    /// Sets how large its files may grow, as a disk that is full does.
    pub fn bound_files(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end, and tells whether it ended well.
    pub fn wait(mut self) -> bool {
        self.wait_for_end()
    }

    /// The same, of one that is to be kept for what it leaves.
    pub fn wait_for_end(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command of `callsign`, to be run in this folder, with an empty environment.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callsign"));
    command.current_dir(folder).env_clear();
    command
}

/// Tests talk to this machine only.
fn without_google(command: &mut Command) -> &mut Command {
    command.env("CALLSIGN_IDENTITY__GOOGLE__ENABLED", "false")
}
