//! How does a registration look? A resource with its live agents, and an agent by itself.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::names::Provider;
use crate::registration::Origin;

/// An agent counts as connected for so long after its last heartbeat.
pub const CONNECTED_FOR: TimeDelta = TimeDelta::seconds(90);

/// A resource as it is, live or retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceView {
    /// Its id.
    pub id: Uuid,
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: String,
    /// What people call it.
    pub name: String,
    /// The account that must be proven; empty: any.
    pub account: String,
    /// Which build of the machine it is.
    pub generation: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Where it came from.
    pub origin: Origin,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was retired; `None` while it is live.
    pub retired_at: Option<DateTime<Utc>>,
    /// Its live agents, sub-agents included, by name.
    pub agents: Vec<AgentView>,
}

/// An agent as it is, live or retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentView {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The root agent that it is a sub-agent of: its id and name.
    pub parent: Option<(Uuid, String)>,
    /// The resource it lives on.
    pub resource_id: Uuid,
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: String,
    /// Its last heartbeat.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was retired; `None` while it is live.
    pub retired_at: Option<DateTime<Utc>>,
}

impl AgentView {
    /// Whether it is live and was seen lately.
    pub fn is_connected(&self, now: DateTime<Utc>) -> bool {
        self.retired_at.is_none() && is_recent(self.last_seen_at, now)
    }
}

/// Whether a heartbeat of that time counts as a connection now.
pub fn is_recent(last_seen_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last_seen_at.is_some_and(|seen| now - seen < CONNECTED_FOR)
}
