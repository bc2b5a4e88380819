//! Which signals are passed on to the program?

use std::io::{self, IsTerminal as _};

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// The signals that are heard.
#[derive(Debug)]
pub(super) struct Signals {
    hangup: unix::Signal,
    interrupt: unix::Signal,
    quit: unix::Signal,
    terminate: unix::Signal,
    user1: unix::Signal,
    user2: unix::Signal,
}

impl Signals {
    /// Hears them from now on.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            user1: signal(SignalKind::user_defined1())?,
            user2: signal(SignalKind::user_defined2())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::HUP,
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.quit.recv() => Signal::QUIT,
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.user1.recv() => Signal::USR1,
            _ = self.user2.recv() => Signal::USR2,
        }
    }
}

/// Whether a signal ends a sidecar that runs no program.
pub(super) fn ends(signal: Signal) -> bool {
    !matches!(signal, Signal::USR1 | Signal::USR2)
}

/// Whether the program hears a signal only from us. What is typed at a terminal goes to it and to us
/// alike, and to be interrupted twice means "at once" to many programs.
pub(super) fn is_ours_to_pass_on(signal: Signal) -> bool {
    !(matches!(signal, Signal::INT | Signal::QUIT) && io::stdin().is_terminal())
}
