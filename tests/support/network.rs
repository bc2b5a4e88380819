//! The network between a broker and its PostgreSQL, which a test can break.
//!
//! What PostgreSQL says and is told goes through unseen, but for two things: the start of a
//! session, which can be made one that takes no writes, and the end of a transaction, at which the
//! connection can be cut.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::task::{AbortHandle, JoinHandle};

use super::{address, database, patience};

/// A way to the database of a test.
#[derive(Debug)]
pub struct Network {
    address: SocketAddr,
    url: String,
    state: Arc<State>,
    door: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    server: SocketAddr,
    read_only: AtomicBool,
    at_commit: Mutex<Option<Cut>>,
    lines: Mutex<Vec<Line>>,
}

/// A connection through the network.
#[derive(Debug)]
struct Line {
    silent: Arc<AtomicBool>,
    relay: AbortHandle,
}

/// When a connection is cut that is about to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never hears of it.
    Before,
    /// The server commits, and its answer is lost.
    After,
}

impl Network {
    /// To the PostgreSQL that the test with this folder uses.
    pub async fn to_database(folder: &Path) -> Self {
        let url = database::url(folder);
        let (before, after) = url.split_once('@').unwrap();
        let (authority, rest) = after.split_once('/').unwrap();
        let address = address::of_ones_own();
        let listener = TcpListener::bind(address).await.unwrap();
        let state = State {
            server: lookup_host(authority).await.unwrap().next().unwrap(),
            read_only: AtomicBool::new(false),
            at_commit: Mutex::new(None),
            lines: Mutex::new(Vec::new()),
        };
        let url = format!("{before}@{address}/{rest}");
        let mut network = Self { address, url, state: Arc::new(state), door: None };
        network.serve(listener);
        network
    }

    /// The section of a broker's configuration that leads it through here.
    pub fn section(&self) -> String {
        format!("[database]\nurl = {:?}\n", self.url)
    }

    /// Nobody listens, and what was connected is cut.
    pub async fn go_down(&mut self) {
        let door = self.door.take().unwrap();
        door.abort();
        let _ = door.await;
        self.cut();
    }

    /// Listens again at the same address.
    pub async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serve(listener);
    }

    /// Cuts what is connected; who connects anew gets through.
    pub fn cut(&self) {
        for line in self.state.lines.lock().unwrap().drain(..) {
            line.relay.abort();
        }
    }

    /// From now on nothing goes through what is connected, and nobody is told; who connects anew
    /// gets through.
    pub fn fall_silent(&self) {
        for line in self.state.lines.lock().unwrap().iter() {
            line.silent.store(true, Ordering::SeqCst);
        }
    }

    /// Whether sessions that begin from now on are on a server that takes no writes.
    pub fn set_read_only(&self, read_only: bool) {
        self.state.read_only.store(read_only, Ordering::SeqCst);
    }

    /// Cuts the next connection that commits.
    pub fn cut_at_commit(&self, cut: Cut) {
        *self.state.at_commit.lock().unwrap() = Some(cut);
    }

    /// Waits until it has been cut so.
    pub async fn has_cut_at_commit(&self) {
        let is_done = async || self.state.at_commit.lock().unwrap().is_none().then_some(());
        patience::until("a commit is cut", is_done).await;
    }

    fn serve(&mut self, listener: TcpListener) {
        let state = Arc::clone(&self.state);
        self.door = Some(actix::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                state.connect(client);
            }
        }));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(door) = self.door.take() {
            door.abort();
        }
        self.cut();
    }
}

impl State {
    fn connect(self: &Arc<Self>, client: TcpStream) {
        let silent = Arc::new(AtomicBool::new(false));
        let relay = relay(Arc::clone(self), Arc::clone(&silent), client);
        let relay = actix::spawn(relay).abort_handle();
        self.lines.lock().unwrap().push(Line { silent, relay });
    }
}

/// Ends with the connection of either side.
async fn relay(state: Arc<State>, silent: Arc<AtomicBool>, mut client: TcpStream) {
    let Ok(mut server) = TcpStream::connect(state.server).await else { return };
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let (received, from_client) = tokio::select! {
            read = client.read(&mut asked) => (read.unwrap_or(0), true),
            read = server.read(&mut answered) => (read.unwrap_or(0), false),
        };
        if received == 0 {
            return;
        }
        if silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if !from_client {
            if client.write_all(&answered[..received]).await.is_err() {
                return;
            }
            continue;
        }
        let message = &asked[..received];
        let cut = is_commit(message).then(|| state.at_commit.lock().unwrap().take()).flatten();
        if cut == Some(Cut::Before) {
            return;
        }
        let read_only = state.read_only.load(Ordering::SeqCst) && is_start(message);
        let sent = match read_only {
            true => server.write_all(&read_only_start(message)).await,
            false => server.write_all(message).await,
        };
        if cut == Some(Cut::After) {
            assert!(server.read(&mut answered).await.unwrap() > 0, "no answer to lose");
            return;
        }
        if sent.is_err() {
            return;
        }
    }
}

/// A query of the simple protocol, as drivers end transactions.
fn is_commit(message: &[u8]) -> bool {
    message.starts_with(b"Q") && message.windows(6).any(|word| word == b"COMMIT")
}

/// The first message of a session: its length, version 3.0 (or later), names and values.
fn is_start(message: &[u8]) -> bool {
    message.len() > 8 && message[4..6] == [0, 3]
}

/// Adds one more name and value to the start of a session.
fn read_only_start(message: &[u8]) -> Vec<u8> {
    let mut start = message[..message.len() - 1].to_vec();
    start.extend_from_slice(b"default_transaction_read_only\0on\0\0");
    let length = u32::try_from(start.len()).unwrap();
    start[..4].copy_from_slice(&length.to_be_bytes());
    start
}
