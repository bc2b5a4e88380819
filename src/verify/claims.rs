//! What does a session token say? The claims of RFC 9068, and those of our own.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::Provider;

/// The body of a session token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who made it: the broker.
    pub iss: String,
    /// Whom it is for.
    pub aud: Vec<String>,
    /// Whom it speaks for: the agent's id.
    pub sub: Uuid,
    /// The same, as RFC 9068 section 2.2 wants it.
    pub client_id: Uuid,
    /// When it was issued, seconds since 1970.
    pub iat: i64,
    /// When it expires, seconds since 1970.
    pub exp: i64,
    /// Its own id, under which it is on record.
    pub jti: Uuid,
    /// The agent's name.
    pub agent_name: String,
    /// The resource that the agent lives on.
    pub resource: ResourceClaim,
    /// The machine that was proven.
    pub instance: InstanceClaim,
    /// How it was proven (RFC 8176): one kind of proof, and `challenge` where it answered one.
    pub amr: Vec<String>,
    /// Who acts through it (RFC 8693 section 4.1): of a sub-agent's token, the root agent that asked
    /// for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
}

/// An agent that acts through another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Its id.
    pub sub: Uuid,
    /// Its name.
    pub agent_name: String,
}

/// A resource, as a token names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceClaim {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
}

/// A proven machine, as a token names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceClaim {
    /// The cloud.
    pub provider: Provider,
    /// The account, subscription or project, as proven.
    pub account: String,
    /// The region, as proven.
    pub region: String,
    /// The cloud's id of the machine.
    pub instance_id: String,
}
