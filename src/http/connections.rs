//! How many connections are there at most, and which of them are kept?
//!
//! Who holds a connection and says nothing keeps others out once there are no more to be had. So
//! the broker takes no more than leave file descriptors for its own files and its database; the
//! others wait at the door. And once three quarters are taken, each is closed after its answer:
//! however many are held by then, by the idle or the ill-meaning, the last quarter changes hands.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
#[cfg(target_os = "linux")]
use actix_web::rt::net::TcpStream;
use rustix::process::{Resource, getrlimit};

/// The most connections of a broker, however many files it may open: they take memory, too.
const MOST: usize = 16_384;

/// File descriptors for everything else: listener, log, database.
const RESERVED: usize = 96;

/// The same for each thread that serves.
const RESERVED_BY_THREAD: usize = 8;

/// The connections of a front door. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    open: Arc<AtomicUsize>,
    most: usize,
}

/// One of them, for as long as it is open.
struct Open(Connections);

impl Connections {
    /// So many at most.
    pub(super) fn at_most(most: usize) -> Self {
        Self { open: Arc::default(), most }
    }

    /// As many as this process may have, served by so many threads.
    pub(super) fn of_this_process(threads: usize) -> Self {
        let files = getrlimit(Resource::Nofile).current;
        let files = files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
        Self::at_most(most(files, threads))
    }

    /// The most that each of so many threads may have.
    pub(super) fn by_thread(&self, threads: usize) -> usize {
        (self.most / threads.max(1)).max(1)
    }

    /// Counts a connection for as long as there is this data of it.
    pub(super) fn count(&self, data: &mut Extensions) {
        self.open.fetch_add(1, Ordering::Relaxed);
        data.insert(Open(self.clone()));
    }

    fn is_crowd(&self) -> bool {
        self.open.load(Ordering::Relaxed) > self.most - self.most / 4
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether the connection of this request is to be closed after its answer.
pub(super) fn is_last(request: &ServiceRequest) -> bool {
    request.conn_data::<Open>().is_some_and(|open| open.0.is_crowd())
}

/// Closes the connection after this answer.
pub(super) fn close_after(response: &mut ServiceResponse) {
    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
}

/// The most, of so many file descriptors: at least half of them, where that leaves little for the
/// rest.
fn most(files: usize, threads: usize) -> usize {
    let reserved = RESERVED + RESERVED_BY_THREAD * threads;
    files.saturating_sub(reserved).max(files / 2).clamp(1, MOST)
}

/// Lets the system end a connection whose other side takes nothing of what it was sent for so long.
#[cfg(target_os = "linux")]
pub(super) fn give_up_on_unread(connection: &dyn Any, patience: Duration) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
    let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
    // Of a connection that has ended by now there is nothing to give up.
    let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, milliseconds);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn give_up_on_unread(_connection: &dyn Any, _patience: Duration) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_file_descriptors_for_all_else() {
        for (files, threads, expected) in [
            (1024, 2, 912),
            (256, 2, 144),
            (128, 2, 64),
            (1024, 64, 512),
            (usize::MAX, 2, MOST),
            (1, 1, 1),
        ] {
            assert_eq!(most(files, threads), expected, "{files} {threads}");
        }
    }

    #[test]
    fn a_crowd_begins_beyond_three_quarters_and_ends_with_its_connections() {
        let connections = Connections::at_most(8);
        let mut open = Vec::new();
        for _ in 0..6 {
            let mut data = Extensions::new();
            connections.count(&mut data);
            open.push(data);
            assert!(!connections.is_crowd());
        }
        let mut seventh = Extensions::new();
        connections.count(&mut seventh);
        assert!(connections.is_crowd());
        drop(open);
        assert!(!connections.is_crowd());
    }
}
