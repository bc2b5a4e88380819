//! Where do a sidecar's log lines go? To standard error: standard output is the program's.

use std::io::{self, IsTerminal as _};

use tracing::Level;

/// Sends log lines out from now on.
pub(super) fn init(as_json: bool) {
    let lines = tracing_subscriber::fmt()
        .with_max_level(Level::INFO)
        .with_target(false)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    // An error means that lines go somewhere already; they stay there.
    let _ = if as_json {
        lines.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        lines.try_init()
    };
}
