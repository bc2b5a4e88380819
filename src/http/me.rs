//! `/v1/agents/me`: who a token speaks for, and its heartbeat.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::bearer;
use super::login::no_store;
use super::problem::Problem;
use super::server::Front;
use crate::broker::session;
use crate::wire::{Me, MeAgent, ResourceRef};

/// Tells which agent the token speaks for.
#[utoipa::path(
    get,
    path = "/v1/agents/me",
    tag = "session",
    security(("session" = [])),
    responses(
        (status = 200, description = "The agent and its resource", body = Me),
        (status = 401, description = "token-rejected: missing, expired, forged or revoked", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn show(
    front: Data<Front>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let session = session::identify(&front.broker, bearer::token(&request)?).await?;
    let agent = MeAgent {
        id: session.agent_id(),
        name: session.agent_name().to_owned(),
        connected: session.is_connected(front.broker.clock.now()),
        last_seen_at: session.last_seen_at(),
    };
    let resource = ResourceRef {
        id: session.resource_id(),
        name: session.resource_name().to_owned(),
        provider: session.provider(),
        account: session.instance().account.clone(),
        instance_id: session.instance_id().as_str().to_owned(),
    };
    Ok(no_store(Me { agent, resource, expires_at: session.expires_at() }))
}

/// Marks the agent as connected for the next 90 seconds.
#[utoipa::path(
    post,
    path = "/v1/agents/me/heartbeat",
    tag = "session",
    security(("session" = [])),
    responses(
        (status = 204, description = "Noted, and on disk"),
        (status = 401, description = "token-rejected", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn heartbeat(
    front: Data<Front>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    session::heartbeat(&front.broker, bearer::token(&request)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
