//! `POST /v1/login/{provider}`: a proof of instance in, a session token out.
//!
//! One way for all providers; what differs is which members a body has and which proof they make.

pub(super) mod aws;
pub(super) mod azure;
pub(super) mod google;

use actix_web::http::header;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::{IntoResponses, ToSchema};

use super::body::{self, Body};
use super::error::busy;
use super::problem::Problem;
use super::request::RequestId;
use super::server::Front;
use crate::broker::authenticate::{GrantedLogin, LoginRequest, authenticate};
use crate::broker::dry_run::dry_run;
use crate::broker::error::{Failed, LoginError};
use crate::directory::Agent;
use crate::identity::IdentityProof;
use crate::mailbox::Unavailable;
use crate::names::Provider;
use crate::wire::{
    self, AgentRef, DryRunAgent, DryRunAnswer, DryRunResource, LoginAnswer, ResourceRef,
};

/// The body of a login from one provider.
trait Login: Body {
    /// The provider.
    const PROVIDER: Provider;

    /// What the members say of the machine, believed in nothing yet.
    fn proof(&self) -> Result<IdentityProof, Problem>;

    /// The name that the caller wants to log in by.
    fn agent_name(&self) -> Option<&str>;

    /// Whether nobody is to be logged in.
    fn is_dry_run(&self) -> bool;
}

/// Logs an agent in on the provider whose body this is, or tells which one it would be.
async fn log_in<T: Login>(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    front.require(T::PROVIDER)?;
    body::require_json(&request)?;
    let login: T = body::parse(&receive(&front, &request, payload).await?)?;
    let request = LoginRequest {
        request_id: request_id.into_string(),
        proof: login.proof()?,
        agent_name: wanted_name(login.agent_name()),
    };
    if login.is_dry_run() {
        let tried = decide(async move { dry_run(&front.broker, request).await }).await?;
        return Ok(no_store(told(tried.agent())));
    }
    let granted = decide(async move { authenticate(&front.broker, request).await }).await?;
    Ok(no_store(answer(&granted)))
}

/// Receives the body of a login. Where there is no room for one more it is not even parsed: what
/// overload costs is taken from those who are let in.
pub(super) async fn receive(
    front: &Front,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Bytes, Problem> {
    let bytes = body::receive(request, payload).await?;
    front.broker.entrance.look().map_err(|_full| busy())?;
    Ok(bytes)
}

/// Waits for a login in a task of its own. Each of its steps wakes that task up, and not the
/// connection's, which would look for another request every time.
pub(super) async fn decide<T: 'static>(
    login: impl Future<Output = Result<T, LoginError>> + 'static,
) -> Result<T, Problem> {
    match actix_web::rt::spawn(login).await {
        Ok(outcome) => Ok(outcome?),
        Err(_panicked) => Err(Failed::from(Unavailable::Panicked("broker")).into()),
    }
}

/// A body that lacks a member.
fn missing<T: Body>(field: &str) -> Problem {
    Problem::malformed(T::MEMBERS).blaming(field)
}

/// What a login can be answered with, for the description of the API.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "described, and never made")]
enum Answers {
    /// A session token for the agent; of a dry run, the agent alone
    #[response(status = 200)]
    Granted(GoodAnswer),
    /// malformed-request
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(wire::Problem),
    /// identity-rejected
    #[response(status = 401, content_type = "application/problem+json")]
    Rejected(wire::Problem),
    /// not-allowed
    #[response(status = 403, content_type = "application/problem+json")]
    NotAllowed(wire::Problem),
    /// instance-unknown, agent-unknown, not-enabled
    #[response(status = 404, content_type = "application/problem+json")]
    Unknown(wire::Problem),
    /// agent-ambiguous: several agents and no name; `agents` lists the names
    #[response(status = 409, content_type = "application/problem+json")]
    Ambiguous(wire::Problem),
    /// instance-retired
    #[response(status = 410, content_type = "application/problem+json")]
    Retired(wire::Problem),
    /// body-too-large
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(wire::Problem),
    /// unsupported-media-type
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(wire::Problem),
    /// too-many-requests: come back after Retry-After
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(wire::Problem),
    /// unavailable: come back after Retry-After
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(wire::Problem),
}

/// What a good login is answered with, with a token or, of a dry run, without.
#[derive(ToSchema)]
#[schema(as = LoginOrDryRun)]
#[serde(untagged)]
#[expect(dead_code, reason = "described, and never made")]
pub(super) enum GoodAnswer {
    Login(LoginAnswer),
    DryRun(DryRunAnswer),
}

/// A blank name is no name.
pub(super) fn wanted_name(name: Option<&str>) -> Option<String> {
    name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// An answer that no cache may keep.
pub(super) fn no_store(body: impl serde::Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
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

/// An agent that nobody is now. Where a rule would register it, it has no id yet.
fn told(agent: &Agent) -> DryRunAnswer {
    let (instance, enrolment) = (agent.instance(), agent.enrolment());
    let id = |id| enrolment.is_none().then_some(id);
    DryRunAnswer {
        dry_run: true,
        agent: DryRunAgent { id: id(agent.id()), name: agent.name().to_owned() },
        resource: DryRunResource {
            id: id(agent.resource_id()),
            name: agent.resource_name().to_owned(),
            provider: instance.provider(),
            account: instance.account().to_owned(),
            instance_id: instance.instance_id().as_str().to_owned(),
        },
        enrolment: enrolment.map(|enrolment| enrolment.rule.clone()),
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
