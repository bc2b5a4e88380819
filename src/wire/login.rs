//! A login and its answer.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::names::Provider;

/// A login from AWS: `pkcs7`, or `document` with `signature`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsLogin {
    /// The `rsa2048` document of the metadata service: base64, with or without line breaks or PEM
    /// armour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pkcs7: Option<String>,
    /// The `document` of the metadata service, its exact bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The `signature` of the metadata service, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Which agent to log in as; needed where several share the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// Whether to tell only which agent it would be: all is decided as for a login, and no token is
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// A login from Azure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AzureLogin {
    /// The `signature` of the metadata service's attested document, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The `encoding` of the metadata service: `pkcs7`, the only one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Certificates that the document lacks on its way to a trusted authority, base64 DER each.
    /// Nothing about them is believed: they only help to find the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<String>>,
    /// Which agent to log in as; needed where several share the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// Whether to tell only which agent it would be: all is decided as for a login, and no token is
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// A login from Google.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GoogleLogin {
    /// The instance identity token of the metadata service, asked for with `format=full` and one
    /// of the broker's audiences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_web_token: Option<String>,
    /// Which agent to log in as; needed where several share the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// Whether to tell only which agent it would be: all is decided as for a login, and no token is
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// What a root agent may say about a token for one of its sub-agents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubAgentTokenRequest {
    /// Seconds that it is to be good for, if shorter than it would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub expires_in: Option<u32>,
}

/// A session token and what it stands for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginAnswer {
    /// The token: a JWT (RFC 9068).
    pub session_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// The agent it speaks for.
    pub agent: AgentRef,
    /// The resource that the agent lives on.
    pub resource: ResourceRef,
}

impl fmt::Debug for LoginAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token is a secret and must not slip into a log.
        write!(f, "LoginAnswer({} until {})", self.agent.name, self.expires_at)
    }
}

/// What a login would have been: the agent and its resource, and no token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryRunAnswer {
    /// `true`: nobody was logged in.
    pub dry_run: bool,
    /// The agent that a login would have been of.
    pub agent: DryRunAgent,
    /// The resource that the agent lives on.
    pub resource: DryRunResource,
    /// The rule by which a login would register the machine; absent where it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<String>,
}

/// An agent, in short, as it is or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryRunAgent {
    /// Its id; absent where it is not registered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Its name.
    pub name: String,
}

/// A resource, in short, as it is or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryRunResource {
    /// Its id; absent where it is not registered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// What people call it.
    pub name: String,
    /// The cloud.
    pub provider: Provider,
    /// The account, subscription or project that was proven.
    pub account: String,
    /// The cloud's id of the machine.
    pub instance_id: String,
}

/// An agent, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentRef {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// A resource, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourceRef {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The cloud.
    pub provider: Provider,
    /// The account, subscription or project that was proven.
    pub account: String,
    /// The cloud's id of the machine.
    pub instance_id: String,
}
