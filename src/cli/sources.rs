//! Where does a command's configuration come from? `--config` files and the environment.

use std::path::PathBuf;

use super::outcome::Failure;
use crate::config::{Config, ConfigErrors};
use crate::token::SealingKey;

/// Holds the sealing key itself. It is not part of the configuration, so that no `config show`
/// prints it.
const SEALING_KEY: &str = "CALLSIGN_SEALING_KEY";

#[derive(Clone, Debug, clap::Args)]
pub(super) struct ConfigFiles {
    /// Configuration file; give several and later ones win
    #[arg(id = "config", short = 'c', long = "config", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl ConfigFiles {
    /// Defaults, files and environment, checked as a whole.
    pub(super) fn load(&self) -> Result<Config, Failure> {
        self.read().map_err(|errors| {
            let faults: String =
                errors.problems().iter().map(|fault| format!("\n  {fault}")).collect();
            Failure::new(format!("the configuration cannot be used:{faults}"))
        })
    }

    /// The same, with the faults one by one.
    pub(super) fn read(&self) -> Result<Config, ConfigErrors> {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Config::load(&self.files, environment)
    }
}

/// The sealing key that the environment gives, if it gives one.
pub(super) fn sealing_key() -> Result<Option<SealingKey>, Failure> {
    let Some(text) = std::env::var_os(SEALING_KEY) else { return Ok(None) };
    let text = zeroize::Zeroizing::new(text.into_string().unwrap_or_default());
    let key = SealingKey::parse(&text);
    key.map(Some).map_err(|error| Failure::new(format!("{SEALING_KEY}: {error}")))
}
