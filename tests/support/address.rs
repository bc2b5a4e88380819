//! Where does a server listen that goes away and comes back? At an address of its own: a port of
//! 127.0.0.1 that is free now may be another test's in the next moment.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU8, Ordering};

/// An address on which nobody listens, and that nobody else takes: who asks for any free port asks
/// at 127.0.0.1, and each process has other addresses of the loopback network than those beside it.
pub fn of_ones_own() -> SocketAddr {
    static NUMBER: AtomicU8 = AtomicU8::new(0);
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, high % 254 + 1, low, NUMBER.fetch_add(1, Ordering::Relaxed));
    TcpListener::bind((host, 0)).unwrap().local_addr().unwrap()
}
