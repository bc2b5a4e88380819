//! Registering machines: what operators declare and see.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::object::objects;
use crate::names::Provider;

/// What an operator wants to be registered for an instance. It replaces what is there: what is
/// left out is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceDeclaration {
    /// What people call the machine.
    pub name: String,
    /// The account, subscription or project that the machine must prove; left out: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Another one than the live resource has retires that and begins a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    /// Free labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The agents that the machine is to have. With none it is registered, and nobody logs in.
    #[serde(deserialize_with = "objects")]
    pub agents: Vec<AgentDeclaration>,
}

/// One agent that a machine is to have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentDeclaration {
    /// Its name, unique on the machine without regard to case.
    pub name: String,
    /// The root agent that it is a sub-agent of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// A registration of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resource {
    /// Its id.
    pub id: Uuid,
    /// The cloud.
    pub provider: Provider,
    /// The cloud's id of the machine.
    pub instance_id: String,
    /// What people call it.
    pub name: String,
    /// The account that must be proven; empty: any.
    pub account: String,
    /// Which build of the machine it is.
    pub generation: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// `file`, `api` or `enrolment`: where it came from. What came from a file, the file alone may
    /// change.
    pub origin: String,
    /// Whether it takes part in logins.
    pub live: bool,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Its live agents, by name.
    pub agents: Vec<Agent>,
}

/// A registration, and whether this request changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConvergedResource {
    /// The registration as it is now.
    #[serde(flatten)]
    pub resource: Resource,
    /// Whether it was made or changed; `false` when all was as declared.
    pub changed: bool,
}

/// A registration of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agent {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The name of the root agent that it is a sub-agent of.
    pub parent: Option<String>,
    /// The resource it lives on.
    pub resource_id: Uuid,
    /// The cloud.
    pub provider: Provider,
    /// The cloud's id of the machine.
    pub instance_id: String,
    /// Whether it can have tokens.
    pub live: bool,
    /// Whether it is live and its last heartbeat is less than 90 seconds old.
    pub connected: bool,
    /// Its last heartbeat.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
}

/// Which part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Entries at most, 1 to 1000; left out: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u64>,
    /// The `next_cursor` of the part before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Only this cloud's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// Only this machine's; Azure's ids without regard to case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// Only what is live, or only what is retired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
    /// Only agents that are connected, or only others; only resources with such an agent, or
    /// without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected: Option<bool>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The entries, oldest first.
    pub items: Vec<T>,
    /// Send it as `cursor` to get what follows; `null` at the end.
    pub next_cursor: Option<String>,
}
