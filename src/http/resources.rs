//! `/v1/resources`: operators register machines, retire them, and see what is registered.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::agents::agent;
use super::body::{self, Body};
use super::error::{not_changed, not_registered};
use super::listing;
use super::operator::{Refusals, require};
use super::problem::Problem;
use super::request::RequestId;
use super::server::Front;
use crate::broker::error::Failed;
use crate::broker::registration;
use crate::config::Scope;
use crate::directory::query::{Cursor, Filter, InstanceIds};
use crate::directory::view::ResourceView;
use crate::directory::{Converge, ListResources, Retire, ShowResource};
use crate::names::{InstanceId, Provider};
use crate::registration::ResourceSpec;
use crate::wire::{ConvergedResource, ListQuery, Page, Resource, ResourceDeclaration};

impl Body for ResourceDeclaration {
    const MEMBERS: &'static str = "Send an object with name (a text) and agents (a list of objects with name and, for a \
         sub-agent, parent); account, generation (texts) and labels (an object of texts) are \
         optional.";
}

/// Registers a machine, or changes its registration, to equal what is declared.
///
/// The same `generation`: agents are added, kept (with their ids) or retired, so that they equal
/// the list. Another `generation`: the live resource, its agents and their tokens are retired, and
/// a new one begins, all in one transaction. A `/` in an instance id may stand as it is or escaped.
#[utoipa::path(
    put,
    path = "/v1/resources/{provider}/{instance_id}",
    tag = "registration",
    security(("operator" = ["write"])),
    params(
        ("provider" = Provider, Path, description = "The cloud"),
        ("instance_id" = String, Path, description = "The cloud's id of the machine: 1 to 128 characters of A-Z a-z 0-9 . _ : / -"),
    ),
    request_body = ResourceDeclaration,
    responses(
        Refusals,
        (status = 200, description = "The machine was registered already; `changed` tells whether anything differed", body = ConvergedResource),
        (status = 201, description = "A registration was begun", body = ConvergedResource),
        (status = 400, description = "malformed-request; `field` names the member to blame", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 409, description = "owned-by-file: a `[[resource]]` of the configuration registers it", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 413, description = "body-too-large", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 415, description = "unsupported-media-type", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn put(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let by = require(&front, &request, Scope::Write)?;
    let (provider, instance_id) = machine(&path)?;
    let declared: ResourceDeclaration = body::read(&request, payload).await?;
    let spec = ResourceSpec::declare(provider, instance_id.clone(), declared)?;
    let converge = Converge { spec, by, request_id: Some(request_id.into_string()) };
    let converged = registration::register(&front.broker, converge)
        .await
        .map_err(|error| not_changed(&instance_id, error))?;
    let status = if converged.begun { StatusCode::CREATED } else { StatusCode::OK };
    let changed = converged.event.is_some();
    let resource = resource(&front, converged.resource);
    Ok(HttpResponse::build(status).json(ConvergedResource { resource, changed }))
}

/// Retires a machine's registration, its agents and their tokens.
#[utoipa::path(
    delete,
    path = "/v1/resources/{provider}/{instance_id}",
    tag = "registration",
    security(("operator" = ["write"])),
    params(
        ("provider" = Provider, Path, description = "The cloud"),
        ("instance_id" = String, Path, description = "The cloud's id of the machine"),
    ),
    responses(
        Refusals,
        (status = 204, description = "Retired"),
        (status = 400, description = "malformed-request", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 404, description = "instance-unknown: nothing live is registered for it", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 409, description = "owned-by-file", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn delete(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let by = require(&front, &request, Scope::Write)?;
    let (provider, instance_id) = machine(&path)?;
    let request_id = Some(request_id.into_string());
    let retire = Retire { provider, instance_id: instance_id.clone(), by, request_id };
    registration::retire(&front.broker, retire)
        .await
        .map_err(|error| not_changed(&instance_id, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Shows the live registration of a machine.
#[utoipa::path(
    get,
    path = "/v1/resources/{provider}/{instance_id}",
    tag = "registration",
    security(("operator" = ["read"])),
    params(
        ("provider" = Provider, Path, description = "The cloud"),
        ("instance_id" = String, Path, description = "The cloud's id of the machine"),
    ),
    responses(
        Refusals,
        (status = 200, description = "The live registration", body = Resource),
        (status = 400, description = "malformed-request", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 404, description = "instance-unknown: nothing live is registered for it", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn find(
    front: Data<Front>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    require(&front, &request, Scope::Read)?;
    let (provider, instance_id) = machine(&path)?;
    let filter = Filter {
        instance_id: Some(InstanceIds::of(provider, instance_id.clone())),
        live: Some(true),
        ..Filter::default()
    };
    let list = ListResources(filter, Cursor { limit: 1, after: None });
    let page = front.broker.list_resources.ask(list).await.map_err(Failed::from)?;
    let mut found = page.map_err(Failed::from)?.items;
    let found = found.pop().ok_or_else(|| not_registered(&instance_id))?;
    Ok(HttpResponse::Ok().json(resource(&front, found)))
}

/// Lists registrations of machines, live and retired, oldest first.
#[utoipa::path(
    get,
    path = "/v1/resources",
    tag = "registration",
    security(("operator" = ["read"])),
    params(ListQuery),
    responses(
        Refusals,
        (status = 200, description = "A part of the list", body = Page<Resource>),
        (status = 400, description = "malformed-request; `field` names the parameter to blame", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    front: Data<Front>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    require(&front, &request, Scope::Read)?;
    let (filter, cursor) = listing::parse(request.query_string(), front.broker.clock.now())?;
    let list = ListResources(filter, cursor);
    let page = front.broker.list_resources.ask(list).await.map_err(Failed::from)?;
    let page = page.map_err(Failed::from)?;
    Ok(HttpResponse::Ok().json(listing::answer(page, |found| resource(&front, found))))
}

/// Shows one registration, live or retired.
#[utoipa::path(
    get,
    path = "/v1/resources/{id}",
    tag = "registration",
    security(("operator" = ["read"])),
    params(("id" = Uuid, Path, description = "The resource's id")),
    responses(
        Refusals,
        (status = 200, description = "The registration", body = Resource),
        (status = 404, description = "resource-unknown", body = crate::wire::Problem, content_type = "application/problem+json"),
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
            "resource-unknown",
            "There is no resource of this id",
            "GET /v1/resources lists them; GET /v1/resources/{provider}/{instance_id} finds the \
             live one of a machine.",
        )
    };
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    let found = front.broker.show_resource.ask(ShowResource(id)).await.map_err(Failed::from)?;
    let found = found.map_err(Failed::from)?.ok_or_else(unknown)?;
    Ok(HttpResponse::Ok().json(resource(&front, found)))
}

/// The machine of a path. Its parts are unescaped by now, once: `%252F` is no slash.
fn machine(path: &(String, String)) -> Result<(Provider, InstanceId), Problem> {
    let (provider, instance_id) = path;
    let fault = |member: &str, error: crate::names::NameError| {
        Problem::malformed(format!("In the path: {error}.")).blaming(member)
    };
    let provider = Provider::parse(provider).map_err(|error| fault("provider", error))?;
    let instance_id = InstanceId::parse(provider, instance_id);
    Ok((provider, instance_id.map_err(|error| fault("instance_id", error))?))
}

fn resource(front: &Front, view: ResourceView) -> Resource {
    Resource {
        agents: view.agents.into_iter().map(|found| agent(front, found)).collect(),
        id: view.id,
        provider: view.provider,
        instance_id: view.instance_id,
        name: view.name,
        account: view.account,
        generation: view.generation,
        labels: view.labels,
        origin: view.origin.as_str().to_owned(),
        live: view.retired_at.is_none(),
        created_at: view.created_at,
        retired_at: view.retired_at,
    }
}
