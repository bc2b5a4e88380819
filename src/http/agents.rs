//! `/v1/agents`: operators see which agents are registered, and which are connected.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::listing;
use super::operator::{Refusals, require};
use super::problem::Problem;
use super::server::Front;
use crate::broker::error::Failed;
use crate::config::Scope;
use crate::directory::view::AgentView;
use crate::directory::{ListAgents, ShowAgent};
use crate::wire::{Agent, ListQuery, Page};

/// Lists agents, sub-agents included, live and retired, oldest first.
#[utoipa::path(
    get,
    path = "/v1/agents",
    tag = "registration",
    security(("operator" = ["read"])),
    params(ListQuery),
    responses(
        Refusals,
        (status = 200, description = "A part of the list", body = Page<Agent>),
        (status = 400, description = "malformed-request; `field` names the parameter to blame", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    front: Data<Front>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    require(&front, &request, Scope::Read)?;
    let (filter, cursor) = listing::parse(request.query_string(), front.broker.clock.now())?;
    let page = front.broker.list_agents.ask(ListAgents(filter, cursor)).await;
    let page = page.map_err(Failed::from)?.map_err(Failed::from)?;
    Ok(HttpResponse::Ok().json(listing::answer(page, |found| agent(&front, found))))
}

/// Shows one agent, live or retired.
#[utoipa::path(
    get,
    path = "/v1/agents/{id}",
    tag = "registration",
    security(("operator" = ["read"])),
    params(("id" = Uuid, Path, description = "The agent's id")),
    responses(
        Refusals,
        (status = 200, description = "The agent", body = Agent),
        (status = 404, description = "agent-unknown", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn show(
    front: Data<Front>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    require(&front, &request, Scope::Read)?;
    let unknown = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "agent-unknown",
            "There is no agent of this id",
            "GET /v1/agents lists them.",
        )
    };
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    let found = front.broker.show_agent.ask(ShowAgent(id)).await.map_err(Failed::from)?;
    let found = found.map_err(Failed::from)?.ok_or_else(unknown)?;
    Ok(HttpResponse::Ok().json(agent(&front, found)))
}

/// An agent, as it is answered now.
pub(super) fn agent(front: &Front, view: AgentView) -> Agent {
    Agent {
        connected: view.is_connected(front.broker.clock.now()),
        id: view.id,
        name: view.name,
        parent: view.parent.map(|(_, name)| name),
        resource_id: view.resource_id,
        provider: view.provider,
        instance_id: view.instance_id,
        live: view.retired_at.is_none(),
        last_seen_at: view.last_seen_at,
        created_at: view.created_at,
        retired_at: view.retired_at,
    }
}
