//! What does an accepted token stand for? The agent and its resource, as they are now.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::directory::view::is_recent;
use crate::names::Provider;

/// A token that stands, with the live agent behind it. Only the minter's check makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The token's id.
    pub token_id: Uuid,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// The agent's id.
    pub agent_id: Uuid,
    /// The agent's name.
    pub agent_name: String,
    /// Its last heartbeat.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// The resource it lives on.
    pub resource_id: Uuid,
    /// What people call that resource.
    pub resource_name: String,
    /// The cloud.
    pub provider: Provider,
    /// The account, as it was proven at login.
    pub account: String,
    /// The machine.
    pub instance_id: String,
}

impl Session {
    /// Whether the agent is connected at this time.
    pub fn is_connected(&self, now: DateTime<Utc>) -> bool {
        is_recent(self.last_seen_at, now)
    }
}
