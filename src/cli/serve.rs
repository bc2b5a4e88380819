//! `callsign serve`: run the broker until it is told to stop.

use std::net::TcpListener;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::outcome::{Failure, Outcome};
use super::signals::{Signals, Told};
use super::sources::{ConfigFiles, sealing_key};
use crate::clock::Clock;
use crate::service::Service;
use crate::telemetry;

/// Run the broker
///
/// Registers the [[resource]] entries of the configuration and answers logins until SIGTERM or
/// Ctrl-C. SIGHUP reads the configuration again and makes the registrations equal to it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign serve
  callsign serve --config /etc/callsign/callsign.toml --config machines.toml
  CALLSIGN_HTTP__LISTEN=0.0.0.0:7480 callsign serve
  kill -HUP <pid>    # after a change of the [[resource]] entries")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigFiles,
}

pub(super) async fn run(args: Args) -> Outcome {
    let config = args.config.load()?;
    telemetry::init(&config.log).map_err(Failure::new)?;
    let sealing_key = sealing_key()?;
    let mut signals = Signals::new()?;
    ask_for_files();
    // Before anything is made or changed: a port in use is the commonest failure.
    let listener = listen(config.http.listen)?;
    let started = Service::start(&config, sealing_key, Clock::system(), listener).await;
    let mut service = started.map_err(Failure::new)?;
    tracing::info!(url = service.url(), public_url = config.http.public_url, "ready");

    let outcome = loop {
        tokio::select! {
            told = signals.next() => match told {
                Told::Stop => break Ok(()),
                Told::Reload => reload(&args.config, &service).await,
            },
            death = service.death() => break Err(Failure::new(format!(
                "{death}; the broker ends, so that whoever supervises it starts a whole one"
            ))),
        }
    };
    tracing::info!("stopping");
    service.stop().await;
    outcome
}

/// Callers that the system lets wait at the door: many machines may start at once.
const WAITING: i32 = 4096;

/// Binds the address, with a message that names it.
pub(super) fn listen(address: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address).map_err(|error| {
        Failure::new(format!(
            "cannot listen on {address}: {error}\n  Is another callsign running? Choose another \
             address with [http] listen or CALLSIGN_HTTP__LISTEN."
        ))
    })?;
    // The library asks for 128 places. Without more of them it works, too.
    let _ = rustix::net::listen(&listener, WAITING);
    Ok(listener)
}

/// Connections take file descriptors. Systems give a program few of them, and more if it asks.
fn ask_for_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "there are no more file descriptors to be had");
    }
}

/// A configuration that is wrong changes nothing.
async fn reload(files: &ConfigFiles, service: &Service) {
    let config = match files.read() {
        Ok(config) => config,
        Err(errors) => {
            for fault in errors.problems() {
                tracing::error!(%fault, "the changed configuration is not used");
            }
            return;
        }
    };
    if let Err(error) = service.follow(&config).await {
        tracing::error!(%error, "not every resource could be registered; SIGHUP tries again");
    }
}
