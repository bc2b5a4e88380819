//! A second front door of a test broker, behind which some rooms are not what they were.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use callsign::http::{Front, Patience, ServeSettings, serve};
use reqwest::{Method, RequestBuilder};

use super::broker::TestBroker;
use super::patience::AMPLE;

/// One thread, and patience with everybody.
pub const SETTINGS: ServeSettings = ServeSettings {
    workers: 1,
    grace: Duration::from_secs(1),
    connections: 0,
    patience: Patience { head: AMPLE, body: AMPLE, unread: AMPLE },
};

/// A front door on a free port.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    http: reqwest::Client,
}

impl Door {
    /// Opens a door to what `change` makes of the broker.
    pub fn open(broker: &TestBroker, change: impl FnOnce(&mut Front)) -> Self {
        let mut front = broker.service.front().clone();
        change(&mut front);
        Self::to(front, SETTINGS)
    }

    /// Another door to the same rooms, with these settings.
    pub fn set_up(broker: &TestBroker, settings: ServeSettings) -> Self {
        Self::to(broker.service.front().clone(), settings)
    }

    fn to(front: Front, settings: ServeSettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
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
