//! `POST /v1/login/google`.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{Answers, Login, log_in, missing};
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::request::RequestId;
use crate::http::server::Front;
use crate::identity::IdentityProof;
use crate::names::Provider;
use crate::wire::GoogleLogin;

/// Logs an agent in on Google.
///
/// Send `json_web_token`: what the metadata service's `identity` gives with `format=full` and one
/// of the broker's audiences, or that of a challenge of `POST /v1/challenge`.
///
/// With `dry_run`, all is decided and recorded as for a login, and the answer tells which agent it
/// would be: no token is given and no machine registered.
#[utoipa::path(
    post,
    path = "/v1/login/google",
    tag = "login",
    operation_id = "login_google",
    request_body = GoogleLogin,
    responses(Answers)
)]
pub(in crate::http) async fn login(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    log_in::<GoogleLogin>(front, request, request_id, payload).await
}

impl Body for GoogleLogin {
    const MEMBERS: &'static str = "Send an object with json_web_token; agent_name and dry_run are \
                                   optional. dry_run is true or false, each of the others a text.";
}

impl Login for GoogleLogin {
    const PROVIDER: Provider = Provider::Google;

    fn proof(&self) -> Result<IdentityProof, Problem> {
        let token = self.json_web_token.as_deref();
        let token = token.ok_or_else(|| missing::<Self>("json_web_token"))?;
        Ok(IdentityProof::google_token(token)?)
    }

    fn agent_name(&self) -> Option<&str> {
        self.agent_name.as_deref()
    }

    fn is_dry_run(&self) -> bool {
        self.dry_run.unwrap_or(false)
    }
}
