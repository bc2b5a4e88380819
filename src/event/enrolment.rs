//! What does a rule register at a machine's first login? The registration as it will be, whole.
//!
//! It is planned before the token is minted and written with it, so that neither can be without
//! the other.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::names::Provider;

/// A machine that a rule registers. Recording this is registering the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Enrolment {
    /// The rule that described the machine.
    pub rule: String,
    /// The id of the registration.
    pub resource_id: Uuid,
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: String,
    /// The account that it proved, and must prove from now on.
    pub account: String,
    /// What people call it.
    pub name: String,
    /// Its agents, parents before their children.
    pub agents: Vec<EnrolledAgent>,
    /// When it is registered.
    pub at: DateTime<Utc>,
}

/// An agent of a machine that a rule registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnrolledAgent {
    /// Its id.
    pub id: Uuid,
    /// The agent that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    /// Its name.
    pub name: String,
}
