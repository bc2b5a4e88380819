//! `POST /v1/challenge`: what a proof must carry to count as made for a login here and now.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::body::{self, Body};
use super::login::{no_store, wanted_name};
use super::problem::Problem;
use super::server::Front;
use crate::broker::challenge::challenge;
use crate::identity::GOOD_FOR;
use crate::names::{AgentName, Provider};
use crate::wire::{self, ChallengeRequest};

/// Gives a challenge for a login by Azure's or Google's proof.
///
/// Azure's attested document answers it by its `nonce`, Google's identity token by its `audience`,
/// and the login's token says so: its `amr` has `challenge`. One that names an agent is for a login
/// by that name only. It is answered once, within `expires_in` seconds; a login that got no token
/// has not used it up. Several brokers of one public URL take each other's.
#[utoipa::path(
    post,
    path = "/v1/challenge",
    tag = "login",
    request_body = ChallengeRequest,
    responses(
        (status = 200, description = "A challenge", body = wire::Challenge),
        (status = 400, description = "malformed-request", body = wire::Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "not-enabled", body = wire::Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "body-too-large", body = wire::Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "unsupported-media-type", body = wire::Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "unavailable: come back after Retry-After",
            body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn give(
    front: Data<Front>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let asked: ChallengeRequest = body::read(&request, payload).await?;
    let (provider, agent) = (provider(&asked)?, agent(&asked)?);
    front.require(provider)?;
    let given = challenge(&front.broker, provider, agent).await?;
    Ok(no_store(wire::Challenge {
        nonce: given.nonce,
        audience: given.audience,
        expires_in: GOOD_FOR.num_seconds(),
    }))
}

fn provider(asked: &ChallengeRequest) -> Result<Provider, Problem> {
    let detail = match asked.provider.as_deref().map(Provider::parse) {
        Some(Ok(provider @ (Provider::Azure | Provider::Google))) => return Ok(provider),
        Some(Ok(Provider::Aws)) => "The member provider: AWS's documents can answer no challenge.",
        Some(Err(_)) | None => ChallengeRequest::MEMBERS,
    };
    Err(Problem::malformed(detail).blaming("provider"))
}

fn agent(asked: &ChallengeRequest) -> Result<Option<AgentName>, Problem> {
    let name = wanted_name(asked.agent_name.as_deref());
    name.map(|name| AgentName::parse(&name)).transpose().map_err(|error| {
        Problem::malformed(format!("The member agent_name: {error}.")).blaming("agent_name")
    })
}

impl Body for ChallengeRequest {
    const MEMBERS: &'static str = "Send an object with provider, which is azure or google; \
                                   agent_name is optional. Each is a text.";
}
