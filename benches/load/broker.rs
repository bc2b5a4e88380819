//! What is loaded? Brokers of our own, as processes, or one that runs somewhere.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Args;

/// Clock ticks of `/proc` per second: the same on every Linux.
const TICKS: f64 = 100.0;

/// Brokers that are up.
pub(super) struct Brokers {
    addresses: Vec<SocketAddr>,
    children: Vec<Child>,
}

impl Brokers {
    /// One that somebody else runs.
    pub(super) fn running(url: &str) -> Self {
        let authority = url.trim_start_matches("http://").trim_end_matches('/');
        let address = authority.to_socket_addrs().unwrap().next().unwrap();
        Self { addresses: vec![address], children: Vec::new() }
    }

    /// Starts as many as are wanted, one after the other, with the machines that log in.
    pub(super) fn start(dir: &Path, args: &Args) -> Self {
        let mut brokers = Self { addresses: Vec::new(), children: Vec::new() };
        for number in 0..args.brokers {
            let address = free_address();
            let begun = Instant::now();
            brokers.children.push(spawn(dir, args, number, address));
            brokers.wait_until_up(address, begun);
            brokers.addresses.push(address);
        }
        brokers
    }

    /// Where the connection of this number goes.
    pub(super) fn address(&self, connection: usize) -> SocketAddr {
        self.addresses[connection % self.addresses.len()]
    }

    /// Processor time that our own brokers have used so far.
    pub(super) fn cpu(&self) -> Option<Duration> {
        let used = self.children.iter().map(|child| processor_time(&child.id().to_string()));
        (!self.children.is_empty()).then(|| used.sum())
    }

    /// Memory that our own brokers hold, in MiB.
    pub(super) fn resident(&self) -> Option<f64> {
        let kibibytes = self.children.iter().map(|child| {
            let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap()
        });
        (!self.children.is_empty()).then(|| kibibytes.sum::<f64>() / 1024.0)
    }

    fn wait_until_up(&mut self, address: SocketAddr, begun: Instant) {
        while !answers(address) {
            let child = self.children.last_mut().unwrap();
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the broker ended with {status}; its log is beside load.toml");
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "the broker does not come up");
            std::thread::sleep(Duration::from_millis(1));
        }
        eprintln!("a broker is up after {} ms", begun.elapsed().as_millis());
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        for child in &mut self.children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// Processor time that a process has used so far.
pub(super) fn processor_time(process: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // After the name, which may hold anything but ends with the last parenthesis.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    Duration::from_secs_f64(ticks / TICKS)
}

fn spawn(dir: &Path, args: &Args, number: usize, address: SocketAddr) -> Child {
    let database = args.database.clone();
    let file = dir.join("load.db");
    let database = database.unwrap_or_else(|| format!("sqlite://{}?mode=rwc", file.display()));
    let log = File::create(dir.join(format!("broker-{number}.log"))).unwrap();
    Command::new(env!("CARGO_BIN_EXE_callsign"))
        .arg("serve")
        .arg("--config")
        .arg(dir.join("load.toml"))
        .env("CALLSIGN_HTTP__LISTEN", address.to_string())
        .env("CALLSIGN_HTTP__WORKERS", args.workers.to_string())
        .env("CALLSIGN_DATABASE__URL", database)
        .env("CALLSIGN_TOKEN__SEALING_KEY_FILE", dir.join("load.sealing-key"))
        .env("CALLSIGN_LOG__FILTER", &args.log)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Whether it answers, and does not only listen.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut status = [0; 12];
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: load\r\n\r\n").is_ok()
        && stream.read_exact(&mut status).is_ok()
        && status == *b"HTTP/1.1 200"
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
