//! `POST /v1/login/{provider}`: a proof of instance in, a session token out.

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::body::{self, Body};
use super::error::not_enabled;
use super::problem::Problem;
use super::request::RequestId;
use super::server::Front;
use crate::broker::authenticate::{GrantedLogin, LoginRequest, authenticate};
use crate::identity::IdentityProof;
use crate::names::Provider;
use crate::wire::{AgentRef, AwsLogin, LoginAnswer, ResourceRef};

impl Body for AwsLogin {
    const MEMBERS: &'static str = "Send an object with pkcs7, or with document and signature; \
                                   agent_name is optional. Each is a text.";
}

/// Logs an agent in on AWS.
///
/// Send `pkcs7` (the metadata service's `rsa2048`), or `document` with `signature`.
#[utoipa::path(
    post,
    path = "/v1/login/aws",
    tag = "login",
    request_body = AwsLogin,
    responses(
        (status = 200, description = "A session token for the agent", body = LoginAnswer),
        (status = 400, description = "malformed-request", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 401, description = "identity-rejected", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 403, description = "not-allowed", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 404, description = "instance-unknown, agent-unknown, not-enabled", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 409, description = "agent-ambiguous: several agents and no name; `agents` lists the names", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 410, description = "instance-retired", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 413, description = "body-too-large", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 415, description = "unsupported-media-type", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "too-many-requests: come back after Retry-After", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "unavailable: come back after Retry-After", body = crate::wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn aws(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    front.require(Provider::Aws)?;
    let login: AwsLogin = body::read(&request, payload).await?;
    let request = LoginRequest {
        request_id: request_id.into_string(),
        proof: aws_proof(&login)?,
        agent_name: wanted_name(login.agent_name.as_deref()),
    };
    let granted = authenticate(&front.broker, request).await?;
    Ok(no_store(answer(&granted)))
}

/// The providers that this broker does not speak.
pub(super) async fn other(provider: Provider) -> Result<HttpResponse, Problem> {
    Err(not_enabled(provider))
}

/// A blank name is no name.
pub(super) fn wanted_name(name: Option<&str>) -> Option<String> {
    name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// An answer that no cache may keep.
pub(super) fn no_store(body: impl serde::Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

fn aws_proof(login: &AwsLogin) -> Result<IdentityProof, Problem> {
    let missing = |field: &str| Problem::malformed(AwsLogin::MEMBERS).blaming(field);
    match (&login.pkcs7, &login.document, &login.signature) {
        (Some(pkcs7), None, None) => Ok(IdentityProof::aws_pkcs7(pkcs7)?),
        (None, Some(document), Some(signature)) => {
            Ok(IdentityProof::aws_document(document, signature)?)
        }
        (None, Some(_), None) => Err(missing("signature")),
        (None, None, Some(_)) => Err(missing("document")),
        (None, None, None) => Err(missing("pkcs7")),
        (Some(_), _, _) => Err(Problem::malformed(
            "Send one proof, not two: pkcs7 alone, or document with signature.",
        )),
    }
}

fn answer(granted: &GrantedLogin) -> LoginAnswer {
    let token = granted.token();
    let (agent, record) = (token.agent(), token.record());
    LoginAnswer {
        session_token: token.jwt().to_owned(),
        token_type: "Bearer".to_owned(),
        expires_in: (record.expires_at - record.issued_at).num_seconds(),
        expires_at: record.expires_at,
        agent: AgentRef { id: agent.id(), name: agent.name().to_owned() },
        resource: ResourceRef {
            id: agent.resource_id(),
            name: agent.resource_name().to_owned(),
            provider: record.provider,
            account: agent.instance().account().to_owned(),
            instance_id: record.instance_id.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_name_is_no_name() {
        for (given, wanted) in
            [(None, None), (Some(""), None), (Some(" \t"), None), (Some(" dev "), Some("dev"))]
        {
            assert_eq!(wanted_name(given).as_deref(), wanted);
        }
    }
}
