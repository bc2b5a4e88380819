//! `POST /api/v2/workspaceagents/google-instance-identity`.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::body::required;
use super::login::{Answers, CompatLogin, log_in};
use super::problem::CompatProblem;
use crate::http::problem::Problem;
use crate::http::request::RequestId;
use crate::http::server::Front;
use crate::identity::IdentityProof;
use crate::names::Provider;
use crate::wire::CompatGoogleLogin;

/// Logs an existing agent client in on Google.
#[utoipa::path(
    post,
    path = "/api/v2/workspaceagents/google-instance-identity",
    tag = "compatible",
    operation_id = "compatible_login_google",
    request_body = CompatGoogleLogin,
    responses(Answers)
)]
pub(in crate::http) async fn login(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, CompatProblem> {
    log_in::<CompatGoogleLogin>(front, request, request_id, payload).await
}

impl CompatLogin for CompatGoogleLogin {
    const PROVIDER: Provider = Provider::Google;

    fn proof(&self) -> Result<IdentityProof, Problem> {
        let [token] = required([("json_web_token", &self.json_web_token)])?;
        Ok(IdentityProof::google_token(token)?)
    }

    fn agent_name(&self) -> Option<&str> {
        self.agent_name.as_deref()
    }
}
