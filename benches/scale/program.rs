//! The program itself, started on a file that is there already.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A broker in a process of its own.
pub(super) struct Program {
    pub(super) address: SocketAddr,
    child: Child,
}

impl Program {
    /// Starts it, and waits until it is ready.
    pub(super) fn start(file: &Path, settings: &[(&str, &str)]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_callsign"))
            .arg("serve")
            .args(
                settings
                    .iter()
                    .filter(|(name, _)| name.starts_with("--"))
                    .flat_map(|(n, v)| [n, v]),
            )
            .env("CALLSIGN_HTTP__LISTEN", address.to_string())
            .env("CALLSIGN_DATABASE__URL", format!("sqlite://{}?mode=rwc", file.display()))
            // The seal of the scene's keys.
            .env("CALLSIGN_SEALING_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")
            .env("CALLSIGN_IDENTITY__GOOGLE__ENABLED", "false")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(" ready ") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the broker ended before it was ready");
        }
        // Read on, so that the broker never waits for somebody to take its lines.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { address, child }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// From its start until `/readyz` says 200: the median of several.
pub(super) fn starts(file: &Path, times: usize) -> Duration {
    let mut starts: Vec<Duration> = (0..times).map(|_| start(file)).collect();
    starts.sort_unstable();
    starts[starts.len() / 2]
}

fn start(file: &Path) -> Duration {
    let begun = Instant::now();
    let program = Program::start(file, &[]);
    while !is_ready(program.address) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the broker does not come up");
    }
    begun.elapsed()
}

fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut status = [0; 12];
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: scale\r\n\r\n").is_ok()
        && stream.read_exact(&mut status).is_ok()
        && status == *b"HTTP/1.1 200"
}
