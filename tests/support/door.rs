//! A second front door of a test broker, behind which some rooms are not what they were.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use callsign::http::{Front, ServeSettings, serve};
use reqwest::{Method, RequestBuilder};

use super::broker::TestBroker;

/// A front door on a free port.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    http: reqwest::Client,
}

impl Door {
    /// Opens a door to what `change` makes of the broker.
    pub fn open(broker: &TestBroker, change: impl FnOnce(&mut Front)) -> Self {
        Self::with_patience(broker, Duration::from_secs(10), change)
    }

    /// The same for callers who send their bodies within this time.
    pub fn with_patience(
        broker: &TestBroker,
        body_patience: Duration,
        change: impl FnOnce(&mut Front),
    ) -> Self {
        let mut front = broker.service.front().clone();
        change(&mut front);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let settings = ServeSettings { workers: 1, grace: Duration::from_secs(1), body_patience };
        actix::spawn(serve(move || front.clone(), listener, settings).unwrap());
        Self { address, http: super::http::client() }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }
}
