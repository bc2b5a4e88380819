//! A machine for the sidecar's tests: a metadata service, perhaps a broker, and agents, each a
//! process of its own, at addresses of their own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::address;
use crate::support::patience::AMPLE;
use crate::support::process::{Served, copy_program};

pub const INSTANCE: &str = "i-0abc";

/// Waits until it is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < AMPLE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A machine, and what runs on and beside it.
#[derive(Debug)]
pub struct Machine {
    pub folder: TempDir,
    /// How long the broker's tokens are good, where a test minds.
    pub lifetime: Option<&'static str>,
    program: PathBuf,
    metadata_address: SocketAddr,
    broker_address: SocketAddr,
    metadata: Option<Process>,
    broker: Option<Served>,
}

impl Machine {
    /// With nothing running.
    pub fn dark() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            lifetime: None,
            program: PathBuf::from(env!("CARGO_BIN_EXE_callsign")),
            metadata_address: address::of_ones_own(),
            broker_address: address::of_ones_own(),
            metadata: None,
            broker: None,
        }
    }

    /// With a folder that every user may look into, and the program there: where it was built, not
    /// everybody may go.
    pub fn open() -> Self {
        let mut machine = Self::new();
        let everybody = fs::Permissions::from_mode(0o755);
        fs::set_permissions(machine.folder.path(), everybody).unwrap();
        let program = machine.path("callsign");
        if fs::hard_link(&machine.program, &program).is_err() {
            copy_program(&machine.program, &program);
        }
        machine.program = program;
        machine
    }

    /// With its metadata service running.
    pub fn new() -> Self {
        let mut machine = Self::dark();
        machine.start_metadata();
        machine
    }

    pub fn start_metadata(&mut self) {
        let address = self.metadata_address.to_string();
        let mut command = self.command();
        command.args(["emulate", "--listen", &address, "--dir", "emulator"]);
        command.args(["--instance-id", INSTANCE]).stdout(Stdio::null());
        self.metadata = Some(Process::start(&mut command));
        eventually("the metadata service answers", || answers(&address));
    }

    pub fn stop_metadata(&mut self) {
        self.metadata = None;
    }

    /// Starts a broker that believes this machine, with these agents registered on it.
    pub fn start_broker(&mut self, agents: &[&str]) {
        self.register(agents);
        self.broker = Some(Served::start(self.folder.path(), &["--config", "broker.toml"]));
    }

    /// Starts a broker that believes this machine, with these settings and resources.
    pub fn start_broker_with(&mut self, toml: &str) {
        self.configure(toml);
        self.broker =
            Some(Served::start_with_google(self.folder.path(), &["--config", "broker.toml"]));
    }

    pub fn stop_broker(&mut self) {
        let broker = self.broker.take().unwrap();
        broker.signal(Signal::TERM);
        assert!(broker.wait());
    }

    /// Registers these agents with the broker that runs, and no others.
    pub fn reregister(&mut self, agents: &[&str]) {
        self.register(agents);
        let broker = self.broker.as_mut().unwrap();
        broker.signal(Signal::HUP);
        broker.wait_for("resources are as the configuration declares");
    }

    pub fn broker_url(&self) -> String {
        format!("http://{}", self.broker_address)
    }

    /// `callsign agent` with these arguments, for this machine's broker.
    pub fn agent(&self, arguments: &[&str]) -> Process {
        self.agent_of(&self.broker_url(), arguments)
    }

    /// The same for another broker.
    pub fn agent_of(&self, broker: &str, arguments: &[&str]) -> Process {
        Process::start(self.agent_command(broker).args(arguments))
    }

    pub fn agent_command(&self, broker: &str) -> Command {
        let mut command = self.command();
        command.args(["agent", "--auth", "aws-instance-identity", "--url", broker]);
        command
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // What an agent that is killed leaves behind goes with the machine.
        command.current_dir(self.folder.path()).env_clear().env("TMPDIR", self.folder.path());
        let metadata = format!("http://{}", self.metadata_address);
        command.env("GCE_METADATA_HOST", self.metadata_address.to_string());
        command.env("CALLSIGN_AZURE_METADATA_ENDPOINT", &metadata);
        command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata);
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command
    }

    fn register(&self, agents: &[&str]) {
        self.configure(&match agents {
            [] => String::new(),
            agents => crate::support::broker::resource(INSTANCE, agents),
        });
    }

    fn configure(&self, rest: &str) {
        let lifetime = self.lifetime.unwrap_or("1h");
        let toml = format!(
            "token.lifetime = {lifetime:?}\nhttp.listen = \"{address}\"\nhttp.public_url = \"{url}\"\n\
             database.url = \"sqlite://callsign.db?mode=rwc\"\n\
             identity.aws.trust = [\"emulator/aws.toml\"]\n\
             identity.azure.trust = [\"emulator/azure.toml\"]\n\
             identity.google.keys_file = \"emulator/google-jwks.json\"\n{rest}",
            address = self.broker_address,
            url = self.broker_url(),
        );
        fs::write(self.path("broker.toml"), toml).unwrap();
    }
}

/// Whether an HTTP server answers there; one that only listens yet is waited for.
fn answers(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_ok()
        && stream.read(&mut [0]).is_ok_and(|read| read > 0)
}

/// A process that is killed with the test.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        Self { child }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end, and gives its exit code and what it logged.
    #[track_caller]
    pub fn end(mut self) -> (i32, String) {
        eventually("the process ends", || self.has_ended());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code().unwrap(), log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the file holds, once it holds anything.
#[track_caller]
pub fn content(path: &Path) -> String {
    let mut text = String::new();
    eventually(&format!("{} is written", path.display()), || {
        text = fs::read_to_string(path).unwrap_or_default();
        !text.is_empty()
    });
    text
}
