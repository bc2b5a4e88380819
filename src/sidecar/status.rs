//! How is it going? Written beside the token after everything that happens, for `callsign agent
//! status`; no secret is in it.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::token_file;

/// How a sidecar is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its process.
    pub pid: u32,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// The broker that it asks.
    pub broker: String,
    /// The agent and its machine, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What people call the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The token in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenStatus>,
    /// When the broker last heard of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heartbeat_at: Option<DateTime<Utc>>,
    /// What went wrong last; gone when it went well again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
}

/// A token's dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenStatus {
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// When it is to be renewed.
    pub renew_at: DateTime<Utc>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// When.
    pub at: DateTime<Utc>,
    /// What, and what to do.
    pub message: String,
}

impl Status {
    /// Where the status is that belongs to this token file.
    pub fn path(token_file: &Path) -> PathBuf {
        let mut name = token_file.as_os_str().to_owned();
        name.push(".status");
        name.into()
    }

    /// Reads the status that belongs to this token file.
    ///
    /// # Errors
    /// What the system has against it, or that it is none.
    pub fn read(token_file: &Path) -> std::io::Result<Self> {
        let text = std::fs::read(Self::path(token_file))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Writes it; that it could not be written hinders nothing but looking.
    pub(super) fn write(&self, token_file: &Path) {
        let Ok(text) = serde_json::to_string(self) else { return };
        if let Err(error) = token_file::replace_lightly(&Self::path(token_file), &text) {
            tracing::debug!(%error, "the status file cannot be written");
        }
    }
}
