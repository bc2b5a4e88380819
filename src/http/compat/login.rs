//! How does an existing agent client log in? One way for all providers; what differs is which
//! members a body has and which proof they make.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use utoipa::IntoResponses;

use super::body;
use super::problem::CompatProblem;
use crate::broker::authenticate::{LoginRequest, authenticate};
use crate::http::login::{decide, no_store, receive, wanted_name};
use crate::http::problem::Problem;
use crate::http::request::RequestId;
use crate::http::server::Front;
use crate::identity::IdentityProof;
use crate::names::Provider;
use crate::wire::{CompatError, CompatSession};

/// The body of a login from one provider.
pub(super) trait CompatLogin: DeserializeOwned {
    /// The provider.
    const PROVIDER: Provider;

    /// What the members say of the machine, believed in nothing yet.
    fn proof(&self) -> Result<IdentityProof, Problem>;

    /// The name that the caller wants to log in by.
    fn agent_name(&self) -> Option<&str>;
}

/// Logs an existing agent client in on the provider whose body this is.
pub(super) async fn log_in<T: CompatLogin>(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, CompatProblem> {
    let answer = answer::<T>(front, &request, request_id, payload).await;
    answer.map_err(|problem| CompatProblem::new(T::PROVIDER, problem))
}

async fn answer<T: CompatLogin>(
    front: Data<Front>,
    request: &HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    front.require(T::PROVIDER)?;
    let login: T = body::parse(&receive(&front, request, payload).await?)?;
    let request = LoginRequest {
        request_id: request_id.into_string(),
        proof: login.proof()?.of_existing_client(),
        agent_name: wanted_name(login.agent_name()),
    };
    let granted = decide(async move { authenticate(&front.broker, request).await }).await?;
    Ok(no_store(CompatSession { session_token: granted.token().jwt().to_owned() }))
}

/// What a login can be answered with, for the description of the API.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "described, and never made")]
pub(super) enum Answers {
    /// A session token
    #[response(status = 200)]
    Granted(CompatSession),
    /// Not JSON, or a member is missing
    #[response(status = 400)]
    Malformed(CompatError),
    /// Invalid AWS, Azure or GCP identity.
    #[response(status = 401)]
    Rejected(CompatError),
    /// Not on the broker's list
    #[response(status = 403)]
    NotAllowed(CompatError),
    /// No such instance or agent
    #[response(status = 404)]
    Unknown(CompatError),
    /// Several agents and no name
    #[response(status = 409)]
    Ambiguous(CompatError),
    /// The machine logs in too often: come back after Retry-After
    #[response(status = 429)]
    TooMany(CompatError),
    /// Come back after Retry-After
    #[response(status = 503)]
    Unavailable(CompatError),
}
