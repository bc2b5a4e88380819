//! How the issuer describes itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// RFC 8414: the issuer of the tokens. There is no token endpoint in the sense of OAuth: tokens
/// are had by proof of instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuthorizationServer {
    /// The `iss` of every token.
    pub issuer: String,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// Empty: no OAuth flow is offered (the member is required by section 2).
    pub response_types_supported: Vec<String>,
    /// Empty, for the same reason.
    pub grant_types_supported: Vec<String>,
    /// Where the API is described.
    pub service_documentation: String,
}

/// OpenID Connect Discovery 1.0: what services that accept OIDC issuers look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenIdConfiguration {
    /// The `iss` of every token.
    pub issuer: String,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// `id_token`: the value that verifiers require to be there.
    pub response_types_supported: Vec<String>,
    /// `public`: a `sub` is the same for every audience.
    pub subject_types_supported: Vec<String>,
    /// `ES256`.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// The claims of a token.
    pub claims_supported: Vec<String>,
}
