//! A broker that says what a test wants to hear: tokens of seconds, refusals, and when it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::json;

/// What is answered: status, further header lines, body.
#[derive(Clone, Debug)]
pub struct Reply(u16, &'static str, String);

impl Reply {
    /// A token, good for so many seconds.
    pub fn token(number: usize, seconds: i64) -> Self {
        let expires_at = chrono::Utc::now() + chrono::TimeDelta::seconds(seconds);
        let id = uuid::Uuid::nil();
        let resource = json!({"id": id, "name": "build-7", "provider": "aws",
            "account": "123456789012", "instance_id": "i-0abc"});
        let body = json!({"session_token": format!("token-{number}"), "token_type": "Bearer",
            "expires_in": seconds, "expires_at": expires_at,
            "agent": {"id": id, "name": "main"}, "resource": resource});
        Self(200, "", body.to_string())
    }

    /// The same token, said to be good for so many seconds more: the clocks disagree.
    pub fn claiming(self, seconds: i64) -> Self {
        let Self(status, headers, body) = self;
        let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["expires_in"] = json!(seconds);
        Self(status, headers, body.to_string())
    }

    /// A challenge for Google's token.
    pub fn challenge(audience: &str) -> Self {
        let body = json!({"nonce": "0123456789", "audience": audience, "expires_in": 300});
        Self(200, "", body.to_string())
    }

    pub fn noted() -> Self {
        Self(204, "", String::new())
    }

    pub fn problem(status: u16, code: &str) -> Self {
        let kind = format!("urn:callsign:problem:{code}");
        let body = json!({"type": kind, "title": code, "status": status, "detail": "so it is",
            "code": code});
        Self(status, "", body.to_string())
    }

    pub fn busy_for_a_second() -> Self {
        let Self(status, _, body) = Self::problem(503, "unavailable");
        Self(status, "Retry-After: 1\r\n", body)
    }
}

/// A request, as far as tests look at it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub body: String,
    pub at: Instant,
}

/// Runs in a thread until the test ends.
#[derive(Debug)]
pub struct ScriptedBroker {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl ScriptedBroker {
    /// Answers the request of this number (from 0, among those to the same path) to `login`,
    /// `heartbeat` or `challenge`.
    pub fn start(script: impl Fn(&str, usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let log = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &script, &log);
            }
        });
        Self { url, asked }
    }

    /// What was asked on paths that end so.
    pub fn asked(&self, end: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.path.ends_with(end)).cloned().collect()
    }
}

fn answer(mut stream: TcpStream, script: &impl Fn(&str, usize) -> Reply, log: &Mutex<Vec<Asked>>) {
    let Some(asked) = read(&stream) else { return };
    let is_of = |what: &&&str| asked.path.ends_with(**what);
    let what = ["heartbeat", "challenge"].iter().find(is_of).copied().unwrap_or("login");
    let mut log = log.lock().unwrap();
    let number = log.iter().filter(|earlier| earlier.path == asked.path).count();
    log.push(asked);
    let Reply(status, headers, body) = script(what, number);
    let length = body.len();
    // The one that asked may have been killed meanwhile.
    let _ = write!(
        stream,
        "HTTP/1.1 {status} so\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(text) = header.strip_prefix("content-length:") {
            length = text.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { path, body: String::from_utf8(body).ok()?, at: Instant::now() })
}
