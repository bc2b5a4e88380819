//! What went wrong (RFC 9457)?

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error, for the program (`code`) and for the person (`detail`) who must act on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:callsign:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same in words, for every problem of this type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here and what to do.
    pub detail: String,
    /// The stable word for programs.
    pub code: String,
    /// Under which the broker's log tells more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The member of the request that is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The proven machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The name that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// The names that would succeed, sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<Vec<String>>,
}
