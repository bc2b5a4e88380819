//! Who am I?

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::login::ResourceRef;

/// The agent that a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The agent.
    pub agent: MeAgent,
    /// The resource it lives on.
    pub resource: ResourceRef,
    /// When the token expires.
    pub expires_at: DateTime<Utc>,
}

/// An agent as it sees itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeAgent {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Whether its last heartbeat is less than 90 seconds old.
    pub connected: bool,
    /// Its last heartbeat.
    pub last_seen_at: Option<DateTime<Utc>>,
}
