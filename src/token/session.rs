//! What does an accepted token stand for? The agent and its resource, as they are now.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::directory::view::is_recent;
use crate::names::{InstanceId, Provider};
use crate::verify::{Claims, InstanceClaim};

/// A token that stands, with the live agent behind it. Only the minter's check makes one, from
/// claims that it verified and the record that bears them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    claims: Claims,
    behind: Behind,
}

/// The live agent and resource behind a token, as they are on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Behind {
    pub(super) agent_id: Uuid,
    pub(super) agent_name: String,
    pub(super) parent_id: Option<Uuid>,
    pub(super) last_seen_at: Option<DateTime<Utc>>,
    pub(super) resource_id: Uuid,
    pub(super) resource_name: String,
    pub(super) instance_id: InstanceId,
    pub(super) proof_kind: &'static str,
}

impl Session {
    pub(super) fn new(claims: Claims, behind: Behind) -> Self {
        Self { claims, behind }
    }

    /// The token's id.
    pub fn token_id(&self) -> Uuid {
        self.claims.jti
    }

    /// When it expires.
    pub fn expires_at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.claims.exp, 0).unwrap_or_default()
    }

    /// The agent's id.
    pub fn agent_id(&self) -> Uuid {
        self.behind.agent_id
    }

    /// The agent's name.
    pub fn agent_name(&self) -> &str {
        &self.behind.agent_name
    }

    /// Whether the agent is a root agent, which may have sub-agents.
    pub fn is_root(&self) -> bool {
        self.behind.parent_id.is_none()
    }

    /// Its last heartbeat.
    pub fn last_seen_at(&self) -> Option<DateTime<Utc>> {
        self.behind.last_seen_at
    }

    /// The resource it lives on.
    pub fn resource_id(&self) -> Uuid {
        self.behind.resource_id
    }

    /// What people call that resource.
    pub fn resource_name(&self) -> &str {
        &self.behind.resource_name
    }

    /// The cloud.
    pub fn provider(&self) -> Provider {
        self.claims.instance.provider
    }

    /// The machine.
    pub fn instance_id(&self) -> &InstanceId {
        &self.behind.instance_id
    }

    /// The machine, as it was proven at login.
    pub fn instance(&self) -> &InstanceClaim {
        &self.claims.instance
    }

    /// How it was proven.
    pub fn proof_kind(&self) -> &'static str {
        self.behind.proof_kind
    }

    /// How it was proven, as the token's `amr` says.
    pub fn methods(&self) -> &[String] {
        &self.claims.amr
    }

    /// Whether the agent is connected at this time.
    pub fn is_connected(&self, now: DateTime<Utc>) -> bool {
        is_recent(self.behind.last_seen_at, now)
    }
}
