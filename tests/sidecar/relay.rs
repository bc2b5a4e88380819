//! The way between an agent and its broker, which a test can make bad.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A relay to a broker that can lose heartbeats: an agent then tries them again within 16 seconds,
/// where it would else be still for half a minute.
#[derive(Debug)]
pub struct Relay {
    pub url: String,
    loses_heartbeats: Arc<AtomicBool>,
}

impl Relay {
    /// A relay to the broker at this URL that loses heartbeats until it is told not to.
    pub fn start(broker: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let loses_heartbeats = Arc::new(AtomicBool::new(true));
        let (address, loses) = (broker.replace("http://", ""), Arc::clone(&loses_heartbeats));
        thread::spawn(move || {
            for agent in listener.incoming().map_while(Result::ok) {
                let Ok(broker) = TcpStream::connect(&address) else { continue };
                let back = (broker.try_clone().unwrap(), agent.try_clone().unwrap());
                let loses = Arc::clone(&loses);
                thread::spawn(move || pump(agent, broker, |said| is_lost(said, &loses)));
                thread::spawn(move || pump(back.0, back.1, |_| false));
            }
        });
        Self { url, loses_heartbeats }
    }

    /// From now on everything passes.
    pub fn mend(&self) {
        self.loses_heartbeats.store(false, Ordering::Relaxed);
    }
}

fn is_lost(said: &[u8], loses: &AtomicBool) -> bool {
    said.starts_with(b"POST /v1/agents/me/heartbeat") && loses.load(Ordering::Relaxed)
}

/// Hands on what one side says, until it ends or is lost.
fn pump(mut from: TcpStream, mut to: TcpStream, is_lost: impl Fn(&[u8]) -> bool) {
    let mut said = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut said) {
        if is_lost(&said[..read]) || to.write_all(&said[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
