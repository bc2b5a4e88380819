//! Clients that hold connections and ask for nothing, ask and never read, send without end, or come
//! in crowds: does the broker go on with everybody else?

use std::fs;
use std::time::Duration;

use callsign::clock::Clock;
use callsign::http::{Patience, ServeSettings};
use futures_util::future::{join, join_all};
use reqwest::Method;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::support::broker::{TestBroker, resource, send};
use crate::support::door::{Door, SETTINGS};
use crate::support::http::client;
use crate::support::machine::{AWS, AwsMachine, REGION};
use crate::support::patience::{AMPLE, until};
use crate::support::process::Served;
use crate::support::raw;

const MACHINE: &str = "i-0123456789abcdef0";
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: broker\r\n\r\n";

/// How long a head may take here. Not less: the clock that actix goes by ticks twice a second, on a
/// busy machine less often, and what is over before it has begun is never noticed.
const HEAD: Duration = Duration::from_secs(5);

async fn broker() -> TestBroker {
    TestBroker::start(&resource(MACHINE, &["main"])).await
}

/// A door with these many places, and little patience with heads.
fn door(broker: &TestBroker, connections: usize, patience: Patience) -> Door {
    Door::set_up(broker, ServeSettings { connections, patience, ..SETTINGS })
}

/// Logs in on a connection of its own.
async fn log_in(broker: &TestBroker, door: &Door) -> u16 {
    let login = AwsMachine::new(MACHINE).login(broker.clock.now(), None);
    let request = door.request(Method::POST, "/v1/login/aws").header("connection", "close");
    send(request.json(&login)).await.status
}

/// Reads one answer of this connection, whose body must be short.
async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let mut some = [0; 4096];
        let read = stream.read(&mut some).await.unwrap();
        assert!(read > 0, "it ends before its answer: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&some[..read]);
    }
    String::from_utf8(answer).unwrap()
}

/// Asks for a sign of life on this connection.
async fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(HEALTH.as_bytes()).await.unwrap();
    answer(stream).await
}

/// Writes this again and again, until the other side wants no more of it.
async fn write_until_refused(stream: &mut TcpStream, text: &[u8]) {
    let written = async {
        while stream.write_all(text).await.is_ok() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(AMPLE, written).await.expect("it is read for ever");
}

#[actix::test]
async fn a_head_that_comes_byte_by_byte_is_given_up() {
    let broker = broker().await;
    let patience = Patience { head: HEAD, ..SETTINGS.patience };
    let door = door(&broker, 8, patience);
    let mut slow = TcpStream::connect(door.address()).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nX-Slow: ").await.unwrap();
    write_until_refused(&mut slow, b"x").await;
}

#[actix::test]
async fn connections_that_say_nothing_keep_nobody_out_for_long() {
    let broker = broker().await;
    let patience = Patience { head: HEAD, ..SETTINGS.patience };
    let door = door(&broker, 8, patience);
    let silent = join_all((0..12).map(|_| TcpStream::connect(door.address()))).await;
    assert!(silent.iter().all(Result::is_ok));
    // On a busy machine, who logs in behind them may be taken for one of them.
    let login = async || (log_in(&broker, &door).await == 200).then_some(());
    until("a login goes through", login).await;
}

/// The first answer ends actix's watch over the heads that come after it.
#[actix::test]
async fn who_holds_connections_after_an_answer_leaves_the_last_quarter_to_others() {
    let broker = broker().await;
    let door = door(&broker, 8, SETTINGS.patience);
    let mut held = Vec::new();
    for _ in 0..6 {
        let mut stream = TcpStream::connect(door.address()).await.unwrap();
        assert!(!ask(&mut stream).await.contains("connection: close"));
        stream.write_all(b"GET /healthz HTTP/1.1\r\nX-Slow: ").await.unwrap();
        held.push(stream);
    }
    for _ in 0..20 {
        let mut stream = TcpStream::connect(door.address()).await.unwrap();
        assert!(ask(&mut stream).await.contains("connection: close"));
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "it is closed");
        assert_eq!(log_in(&broker, &door).await, 200);
    }
    drop(held);
    let kept = async || {
        let mut stream = TcpStream::connect(door.address()).await.unwrap();
        (!ask(&mut stream).await.contains("connection: close")).then_some(())
    };
    until("connections are kept again", kept).await;
}

#[actix::test]
async fn who_asks_and_never_reads_loses_the_connection() {
    let broker = broker().await;
    let patience = Patience { unread: Duration::from_millis(300), ..SETTINGS.patience };
    let door = door(&broker, 8, patience);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(door.address()).await.unwrap();
    let request = HEALTH.replace("/healthz", "/openapi.json");
    deaf.write_all(request.repeat(500).as_bytes()).await.unwrap();
    write_until_refused(&mut deaf, b"x").await;
}

/// The answer is there before the body; then nothing more of it is read.
async fn assert_refused_unread(door: &Door, head: &str, more: &[u8], status: &str) {
    let mut stream = TcpStream::connect(door.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(more).await.unwrap();
    let answer = answer(&mut stream).await;
    assert_eq!(raw::status(&answer), status, "{answer}");
    write_until_refused(&mut stream, more).await;
}

#[actix::test]
async fn a_body_of_900_megabytes_is_refused_by_its_announcement() {
    let broker = broker().await;
    let door = door(&broker, 8, SETTINGS.patience);
    let head = "POST /v1/login/aws HTTP/1.1\r\nHost: broker\r\n\
                Content-Type: application/json\r\nContent-Length: 943718400\r\n\r\n";
    assert_refused_unread(&door, head, b"{", "413").await;
}

/// Whatever it is refused for, and however it is sent.
#[actix::test]
async fn a_body_without_end_is_not_read_on_after_its_answer() {
    let broker = broker().await;
    let door = door(&broker, 8, SETTINGS.patience);
    for (request, content_type, status) in [
        ("POST /v1/login/aws", "application/json", "413"),
        ("POST /v1/login/aws", "text/plain", "415"),
        ("POST /nowhere", "application/json", "404"),
        ("GET /healthz", "application/json", "200"),
        ("PUT /v1/resources/aws/i-1", "application/json", "401"),
    ] {
        let head = format!(
            "{request} HTTP/1.1\r\nHost: broker\r\nContent-Type: {content_type}\r\n\
             Transfer-Encoding: chunked\r\n\r\n"
        );
        let chunk = format!("18000\r\n{}\r\n", " ".repeat(0x18000));
        assert_refused_unread(&door, &head, chunk.as_bytes(), status).await;
    }
}

/// A heartbeat is answered without a body, so there is none to wait with.
#[actix::test]
async fn nor_is_one_after_an_answer_that_has_no_body() {
    let broker = broker().await;
    let token = broker.token(&AwsMachine::new(MACHINE), None).await;
    let door = door(&broker, 8, SETTINGS.patience);
    let mut stream = TcpStream::connect(door.address()).await.unwrap();
    let head = format!(
        "POST /v1/agents/me/heartbeat HTTP/1.1\r\nHost: broker\r\nAuthorization: Bearer {token}\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert_eq!(raw::status(&answer), "204", "{answer}");
    assert!(!answer.contains("content-length"), "{answer}");
    write_until_refused(&mut stream, b"1\r\n \r\n").await;
}

#[actix::test]
async fn chunks_that_end_leave_the_connection_to_the_next_request() {
    let broker = broker().await;
    let door = door(&broker, 8, SETTINGS.patience);
    let login = AwsMachine::new(MACHINE).login(broker.clock.now(), None).to_string();
    let request = raw::chunked("/v1/login/aws", &login);
    let request = String::from_utf8(request).unwrap().replace("Connection: close\r\n", "");
    let mut stream = TcpStream::connect(door.address()).await.unwrap();
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert_eq!(raw::status(&answer), "200", "{answer}");
    }
}

#[actix::test]
async fn ten_thousand_requests_at_once_on_one_connection_are_answered_in_turn() {
    let broker = broker().await;
    let (mut answers, mut requests) =
        TcpStream::connect(broker.service.address()).await.unwrap().into_split();
    let asked = async {
        requests.write_all(HEALTH.repeat(9_999).as_bytes()).await.unwrap();
        let last = HEALTH.replace("Host", "Connection: close\r\nHost");
        requests.write_all(last.as_bytes()).await.unwrap();
    };
    let answered = async {
        let mut all = String::new();
        answers.read_to_string(&mut all).await.unwrap();
        all.matches("HTTP/1.1 200 OK").count()
    };
    assert_eq!(join(asked, answered).await, ((), 10_000));
}

/// A broker as a process, whose log cannot fill up.
fn serve(files: u32) -> (TempDir, Served) {
    let folder = tempfile::tempdir().unwrap();
    let common = "[http]\nlisten = \"127.0.0.1:0\"\nworkers = 2\n[log]\n\
                  filter = \"error,callsign::cli=info\"\n[identity.aws]\ntrust = [\"aws.toml\"]\n";
    fs::write(folder.path().join("aws.toml"), AWS.trust_toml(REGION).unwrap()).unwrap();
    let toml = common.to_owned() + &resource(MACHINE, &["main"]);
    fs::write(folder.path().join("a.toml"), toml).unwrap();
    let served = Served::start_with_files(files, folder.path(), &["-c", "a.toml"]);
    (folder, served)
}

async fn assert_serves(served: &Served) {
    let http = client();
    let body = json!({ "pkcs7": AwsMachine::new(MACHINE).pkcs7(Clock::system().now()) });
    let login = http.post(format!("{}/v1/login/aws", served.url)).header("connection", "close");
    let login = send(login.json(&body)).await;
    assert_eq!(login.status, 200, "{}", login.text);
    let ready = http.get(format!("{}/readyz", served.url)).header("connection", "close");
    let ready = send(ready).await;
    assert_eq!(ready.status, 200, "{}", ready.text);
}

#[actix::test]
async fn more_clients_than_file_descriptors_are_served_and_keep_nobody_out() {
    let (_folder, served) = serve(256);
    let mut crowd = Vec::new();
    for _ in 0..1_000 {
        let mut stream = TcpStream::connect(served.address()).await.unwrap();
        assert_eq!(raw::status(&ask(&mut stream).await), "200");
        crowd.push(stream);
    }
    // They still hold what they got.
    for _ in 0..20 {
        assert_serves(&served).await;
    }
    drop(crowd);
    assert_serves(&served).await;
}

/// What idle connections take at most, each: its two buffers, and what keeps track of it.
const BYTES_OF_ONE: u64 = 64 * 1024;

#[actix::test]
async fn a_crowd_of_idle_connections_takes_little_memory_and_nobodys_turn() {
    // Some for everybody else who tests beside this.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let files = limit.maximum.map_or(u64::MAX, |most| most.saturating_sub(1_024));
    let (_folder, served) =
        serve(u32::try_from(limit.maximum.unwrap_or(8_192)).unwrap().min(8_192));
    assert_serves(&served).await;
    let before = served.memory();
    let mut crowd = Vec::new();
    for _ in 0..files.min(4_096) {
        let mut stream = TcpStream::connect(served.address()).await.unwrap();
        ask(&mut stream).await;
        crowd.push(stream);
    }
    assert_serves(&served).await;
    let taken = served.memory().saturating_sub(before);
    assert!(taken < BYTES_OF_ONE * crowd.len() as u64, "{taken} bytes by {}", crowd.len());
    drop(crowd);
    assert_serves(&served).await;
}
