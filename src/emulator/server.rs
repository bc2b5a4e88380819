//! How is an emulator run? One address that answers as the metadata services do.

use std::io;
use std::net::{SocketAddr, TcpListener};

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use tokio::task::JoinHandle;

use super::aws::{AwsMetadata, SigningError};
use super::azure::AzureMetadata;
use super::google::GoogleMetadata;
use super::keep::Keys;
use super::machine::Machine;
use crate::clock::Clock;

/// Network hops that an answer of the metadata service survives: EC2's default, which keeps it
/// from containers behind a bridge. It is the TTL of the answer's IP packets.
const HOP_LIMIT: u32 = 1;

/// A running emulator.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Emulator {
    /// Answers on this listener for one machine, launched now.
    ///
    /// # Errors
    /// [`EmulatorError`], when the listener is of no use or a document cannot be signed.
    pub fn start(
        listener: TcpListener,
        keys: &Keys,
        machine: Machine,
        clock: Clock,
    ) -> Result<Self, EmulatorError> {
        listener.set_ttl(HOP_LIMIT)?;
        let address = listener.local_addr()?;
        let aws = Data::new(AwsMetadata::new(&keys.aws, machine.aws, clock.clone())?);
        let azure = AzureMetadata::new(keys.azure.clone(), machine.azure, clock.clone());
        let azure = Data::new(azure);
        let google = Data::new(GoogleMetadata::new(keys.google.clone(), machine.google, clock));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(aws.clone())
                .app_data(azure.clone())
                .app_data(google.clone())
                .configure(super::aws::routes)
                .configure(super::azure::routes)
                .configure(super::google::routes)
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
        let handle = server.handle();
        Ok(Self { address, handle, task: actix::spawn(server) })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops answering.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        // Its only outcome of interest, that it has ended, is what was waited for.
        let _ = self.task.await;
    }
}

/// Why an emulator does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The listener is of no use.
    #[error("the emulator cannot listen: {0}")]
    Listen(#[from] io::Error),
    /// A document cannot be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
}
