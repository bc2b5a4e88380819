//! The broker with its front door: started, converged with its configuration, stopped in order.
//!
//! What `callsign serve`, the demo and the tests have in common.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use tokio::task::JoinHandle;

use crate::broker::Broker;
use crate::broker::deploy::{Deployed, follow};
use crate::broker::error::Failed;
use crate::broker::operators::Operators;
use crate::broker::system::{CLOSING, StartError, System, enabled_providers};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::{Front, Patience, ServeSettings, serve};
use crate::token::SealingKey;

/// How long requests under way may take when the service stops: the whole end is to take 10
/// seconds at most, and one of them is the database's.
const GRACE: Duration = Duration::from_secs(9);

const _: () = assert!(GRACE.as_secs() + CLOSING.as_secs() <= 10);

/// A broker that serves.
#[derive(Debug)]
pub struct Service {
    system: System,
    front: Front,
    address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Service {
    /// Starts the broker, converges it with the configuration's resources, and only then opens the
    /// front door on this listener.
    ///
    /// # Errors
    /// [`ServiceError`], with what to do about it. Nothing runs then.
    pub async fn start(
        config: &Config,
        sealing_key: Option<SealingKey>,
        clock: Clock,
        listener: TcpListener,
    ) -> Result<Self, ServiceError> {
        let address = listener.local_addr()?;
        // In a box: whoever starts a broker holds this future within its own.
        let system = Box::pin(System::start(config, sealing_key, clock)).await?;
        let front = front(&system, config);
        match open(&system, config, &front, listener).await {
            Ok(server) => {
                let handle = server.handle();
                Ok(Self { system, front, address, handle, task: actix::spawn(server) })
            }
            Err(error) => {
                system.stop().await;
                Err(error)
            }
        }
    }

    /// Where the front door is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the handlers behind the front door have at hand.
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// The flow behind the front door.
    pub fn broker(&self) -> &Broker {
        self.system.broker()
    }

    /// Goes by a changed configuration: its resources and its rules of enrolment. What else is in
    /// it counts from the next start on.
    ///
    /// # Errors
    /// As [`follow`].
    pub async fn follow(&self, config: &Config) -> Result<(), Failed> {
        follow(self.system.broker(), config).await.map(tell)
    }

    /// Waits until some part of the broker has died, and tells which.
    pub async fn death(&mut self) -> String {
        tokio::select! {
            actor = self.system.death() => format!("the {actor} has died"),
            _ = &mut self.task => "the front door has closed by itself".to_owned(),
        }
    }

    /// Stops accepting, finishes what is under way, and ends all actors.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        // In a box, as the start: whoever stops a broker holds this future within its own.
        Box::pin(self.system.stop()).await;
    }
}

fn front(system: &System, config: &Config) -> Front {
    Front {
        broker: system.broker().clone(),
        database: system.database().clone(),
        jwks: system.jwks().clone(),
        issuer: config.token.issuer.clone(),
        public_url: config.http.public_url.clone(),
        providers: enabled_providers(&config.identity),
        operators: Operators::new(config.operators.clone()),
    }
}

/// Converges, and opens the door.
async fn open(
    system: &System,
    config: &Config,
    front: &Front,
    listener: TcpListener,
) -> Result<Server, ServiceError> {
    tell(follow(system.broker(), config).await?);
    let settings = ServeSettings {
        workers: config.http.workers,
        grace: GRACE,
        connections: 0,
        patience: Patience::default(),
    };
    let (desk, template) = (system.desk().clone(), front.clone());
    let on_each_thread = move || Front { broker: desk.open(), ..template.clone() };
    Ok(serve(on_each_thread, listener, settings)?)
}

fn tell(Deployed { converged, unchanged, retired, kept }: Deployed) {
    tracing::info!(
        converged,
        unchanged,
        retired,
        kept,
        "resources are as the configuration declares"
    );
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The broker does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The configuration's resources could not be converged.
    #[error("the resources of the configuration could not be registered: {0}")]
    Deploy(#[from] Failed),
    /// The listener is of no use.
    #[error("the broker cannot listen: {0}")]
    Listen(#[from] io::Error),
}
