//! What do requests and answers look like as JSON? Shared by the front door and the client; serde
//! and the OpenAPI schema only, no behaviour.

mod challenge;
mod compat;
mod discovery;
mod health;
mod login;
mod me;
mod object;
mod problem;
mod registration;

pub use challenge::{Challenge, ChallengeRequest};
pub use compat::{
    CompatAwsLogin, CompatAzureLogin, CompatError, CompatGoogleLogin, CompatSession,
    CompatValidation,
};
pub use discovery::{AuthorizationServer, OpenIdConfiguration};
pub use health::{Health, PartState, Readiness};
pub use login::{
    AgentRef, AwsLogin, AzureLogin, DryRunAgent, DryRunAnswer, DryRunResource, GoogleLogin,
    LoginAnswer, ResourceRef, SubAgentTokenRequest,
};
pub use me::{Me, MeAgent};
pub use problem::Problem;
pub use registration::{
    Agent, AgentDeclaration, ConvergedResource, ListQuery, Page, Resource, ResourceDeclaration,
};
