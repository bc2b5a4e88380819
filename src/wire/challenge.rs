//! A challenge, and who asks for one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::names::Provider;

/// Which cloud's proof is to answer, and for which agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    /// `azure` or `google`: AWS's documents can answer none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Provider>)]
    pub provider: Option<String>,
    /// The one agent that may answer; whichever does, without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
}

/// What a proof must carry to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Challenge {
    /// For Azure: ten digits, to be asked for as `nonce` of the attested document.
    pub nonce: String,
    /// For Google: to be asked for as `audience` of the identity token.
    pub audience: String,
    /// Seconds within which it is to be answered.
    pub expires_in: i64,
}
