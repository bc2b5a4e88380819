//! `POST /api/v2/workspaceagents/aws-instance-identity`.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::body;
use super::problem::CompatProblem;
use crate::broker::authenticate::{LoginRequest, authenticate};
use crate::http::login::{no_store, wanted_name};
use crate::http::problem::Problem;
use crate::http::request::RequestId;
use crate::http::server::Front;
use crate::identity::IdentityProof;
use crate::names::Provider;
use crate::wire::{CompatAwsLogin, CompatError, CompatSession};

/// Logs an existing agent client in on AWS.
#[utoipa::path(
    post,
    path = "/api/v2/workspaceagents/aws-instance-identity",
    tag = "compatible",
    request_body = CompatAwsLogin,
    responses(
        (status = 200, description = "A session token", body = CompatSession),
        (status = 400, description = "Not JSON, or a member is missing", body = CompatError),
        (status = 401, description = "Invalid AWS identity.", body = CompatError),
        (status = 403, description = "Not on the broker's list", body = CompatError),
        (status = 404, description = "No such instance or agent", body = CompatError),
        (status = 409, description = "Several agents and no name", body = CompatError),
        (status = 429, description = "The machine logs in too often: come back after Retry-After", body = CompatError),
        (status = 503, description = "Come back after Retry-After", body = CompatError),
    )
)]
pub(in crate::http) async fn login(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, CompatProblem> {
    let answer = answer(&front, &request, request_id, payload).await;
    answer.map_err(|problem| CompatProblem::new(Provider::Aws, problem))
}

async fn answer(
    front: &Front,
    request: &HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    front.require(Provider::Aws)?;
    let login: CompatAwsLogin = body::read(request, payload).await?;
    let [signature, document] =
        body::required([("signature", login.signature), ("document", login.document)])?;
    let request = LoginRequest {
        request_id: request_id.into_string(),
        proof: IdentityProof::aws_document(&document, &signature)?,
        agent_name: wanted_name(login.agent_name.as_deref()),
    };
    let granted = authenticate(&front.broker, request).await?;
    Ok(no_store(CompatSession { session_token: granted.token().jwt().to_owned() }))
}
