//! The bodies of the compatible routes, as existing agent clients send and read them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A login from AWS by an existing agent client; unknown members are ignored.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CompatAwsLogin {
    /// The `signature` of the metadata service.
    #[serde(default)]
    pub signature: Option<String>,
    /// The `document` of the metadata service.
    #[serde(default)]
    pub document: Option<String>,
    /// Which agent to log in as.
    #[serde(default)]
    pub agent_name: Option<String>,
}

/// A login from Azure by an existing agent client; unknown members are ignored.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CompatAzureLogin {
    /// The `signature` of the metadata service's attested document.
    #[serde(default)]
    pub signature: Option<String>,
    /// The `encoding` of the metadata service: `pkcs7`.
    #[serde(default)]
    pub encoding: Option<String>,
    /// Which agent to log in as.
    #[serde(default)]
    pub agent_name: Option<String>,
}

/// A login from Google by an existing agent client; unknown members are ignored.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CompatGoogleLogin {
    /// The identity token of the metadata service.
    #[serde(default)]
    pub json_web_token: Option<String>,
    /// Which agent to log in as.
    #[serde(default)]
    pub agent_name: Option<String>,
}

/// The answer to an existing agent client: exactly this member.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CompatSession {
    /// The token.
    pub session_token: String,
}

/// An error, as existing agent clients read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompatError {
    /// What happened; clients show it, and some match on it.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The members to blame.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validations: Vec<CompatValidation>,
}

/// One member to blame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompatValidation {
    /// The member.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}
