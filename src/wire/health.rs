//! How the broker is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The process runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// The broker's version.
    pub version: String,
}

/// Whether logins would succeed now, part by part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether every part that a login needs is usable.
    pub ready: bool,
    /// Each part and how it is.
    pub parts: BTreeMap<String, PartState>,
}

/// How one part is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum PartState {
    /// Usable.
    Ok,
    /// Not as it should be, but no reason to send callers elsewhere.
    Degraded {
        /// Why, in short; the log tells more.
        reason: String,
    },
    /// Not usable.
    Failed {
        /// Why, in short; the log tells more.
        reason: String,
    },
}
