//! What does the operating system tell a command that runs on? To stop, or to read its
//! configuration again.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::outcome::{Failure, Outcome};

/// What the operating system passes on.
pub(super) enum Told {
    /// SIGTERM, or Ctrl-C.
    Stop,
    /// SIGHUP.
    Reload,
}

/// The signals of this process, from when they are made on.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self, Failure> {
        let of = |kind| signal(kind).map_err(|error| Failure::new(format!("signals: {error}")));
        Ok(Self {
            terminate: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
            hangup: of(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.hangup.recv() => Told::Reload,
        }
    }
}

/// Waits until this process is told to stop; there is nothing to read again.
pub(super) async fn stop() -> Outcome {
    let mut signals = Signals::new()?;
    while let Told::Reload = signals.next().await {}
    Ok(())
}
