//! `/v1/agents/me/sub-agents/{name}/token`: a root agent gets a token for one of its sub-agents.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::TimeDelta;

use super::bearer;
use super::body::{self, Body};
use super::login::no_store;
use super::problem::Problem;
use super::request::RequestId;
use super::server::Front;
use crate::broker::delegate::{DelegationRequest, GrantedDelegation, delegate};
use crate::wire::{AgentRef, LoginAnswer, ResourceRef, SubAgentTokenRequest};

impl Body for SubAgentTokenRequest {
    const MEMBERS: &'static str =
        "Send no body, or an object with expires_in: a whole number of seconds, 1 or more.";
}

/// Gives a root agent a token for one of its sub-agents.
///
/// It is good for as long as any token, or for the shorter `expires_in` that is asked for, but never
/// longer than the token that asks for it. Its `act` claim (RFC 8693) names the root agent, with
/// which it ends. A sub-agent's token cannot make others.
#[utoipa::path(
    post,
    path = "/v1/agents/me/sub-agents/{name}/token",
    tag = "session",
    security(("session" = [])),
    params(("name" = String, Path, description = "The sub-agent's name")),
    request_body = Option<SubAgentTokenRequest>,
    responses(
        (status = 200, description = "A session token for the sub-agent", body = LoginAnswer),
        (status = 400, description = "malformed-request", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 401, description = "token-rejected", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 403, description = "not-a-root-agent: the token is a sub-agent's", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 404, description = "agent-unknown: the root agent has no such live sub-agent; `agents` lists those it has", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 413, description = "body-too-large", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 415, description = "unsupported-media-type", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "too-many-requests: the machine's limit, shared with its logins", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "unavailable: come back after Retry-After", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn token(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    name: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let token = bearer::token(&request)?;
    let wish: SubAgentTokenRequest = body::read_if_any(&request, payload).await?;
    let wanted = DelegationRequest {
        request_id: request_id.into_string(),
        token,
        name: name.into_inner(),
        lifetime: wish.expires_in.map(lifetime).transpose()?,
    };
    Ok(no_store(answer(&delegate(&front.broker, wanted).await?)))
}

fn lifetime(seconds: u32) -> Result<TimeDelta, Problem> {
    match seconds {
        0 => Err(Problem::malformed(SubAgentTokenRequest::MEMBERS).blaming("expires_in")),
        _ => Ok(TimeDelta::seconds(seconds.into())),
    }
}

fn answer(granted: &GrantedDelegation) -> LoginAnswer {
    let token = granted.token();
    let (session, record) = (token.session(), &token.record().token);
    LoginAnswer {
        session_token: token.jwt().to_owned(),
        token_type: "Bearer".to_owned(),
        expires_in: (record.expires_at - record.issued_at).num_seconds(),
        expires_at: record.expires_at,
        agent: AgentRef { id: record.agent_id, name: record.agent_name.clone() },
        resource: ResourceRef {
            id: session.resource_id(),
            name: session.resource_name().to_owned(),
            provider: session.provider(),
            account: session.instance().account.clone(),
            instance_id: record.instance_id.clone(),
        },
    }
}
