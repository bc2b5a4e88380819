//! Where do log lines go? To standard error, as text for people or JSON for machines.

use std::io::{self, IsTerminal as _};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log, LogFormat};

/// Libraries that tell at `info` what the broker tells itself. A filter that names them wins.
const QUIET: &str = "actix_server=warn,sea_orm_migration=warn";

/// Sends log lines out from now on. Called once, by the command that runs.
///
/// # Errors
/// [`FilterError`] for a filter that is none.
pub fn init(log: &Log) -> Result<(), FilterError> {
    let lines = lines(log, io::stderr, io::stderr().is_terminal())?;
    // An error means that lines go somewhere already, as in a test; they stay there.
    let _ = lines.try_init();
    Ok(())
}

/// What writes log lines, of the configured form, to this place.
///
/// # Errors
/// [`FilterError`] for a filter that is none.
pub fn lines<W>(
    log: &Log,
    place: W,
    with_colours: bool,
) -> Result<Box<dyn Subscriber + Send + Sync>, FilterError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.filter))
        .map_err(|error| FilterError { filter: log.filter.clone(), reason: error.to_string() })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(place)
        .with_ansi(with_colours);
    Ok(match log.format {
        LogFormat::Text => Box::new(lines.with_target(false).finish()),
        LogFormat::Json => {
            Box::new(lines.json().flatten_event(true).with_current_span(false).finish())
        }
    })
}

/// The log filter is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "[log] filter = {filter:?} is no log filter: {reason}\n  Try \"info\", or \"info,sqlx=debug\"."
)]
pub struct FilterError {
    filter: String,
    reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_filter_is_named_with_its_key() {
        let log = Log { format: LogFormat::Text, filter: "callsign=loud".to_owned() };
        let error = init(&log).unwrap_err().to_string();
        assert!(error.starts_with("[log] filter = \"callsign=loud\""), "{error}");
    }
}
