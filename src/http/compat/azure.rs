//! `POST /api/v2/workspaceagents/azure-instance-identity`.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::body::required;
use super::login::{Answers, CompatLogin, log_in};
use super::problem::CompatProblem;
use crate::http::login::azure::check_encoding;
use crate::http::problem::Problem;
use crate::http::request::RequestId;
use crate::http::server::Front;
use crate::identity::IdentityProof;
use crate::names::Provider;
use crate::wire::CompatAzureLogin;

/// Logs an existing agent client in on Azure.
#[utoipa::path(
    post,
    path = "/api/v2/workspaceagents/azure-instance-identity",
    tag = "compatible",
    operation_id = "compatible_login_azure",
    request_body = CompatAzureLogin,
    responses(Answers)
)]
pub(in crate::http) async fn login(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, CompatProblem> {
    log_in::<CompatAzureLogin>(front, request, request_id, payload).await
}

impl CompatLogin for CompatAzureLogin {
    const PROVIDER: Provider = Provider::Azure;

    fn proof(&self) -> Result<IdentityProof, Problem> {
        let [signature, encoding] =
            required([("signature", &self.signature), ("encoding", &self.encoding)])?;
        check_encoding(Some(encoding))?;
        Ok(IdentityProof::azure_attested::<&str>(signature, &[])?)
    }

    fn agent_name(&self) -> Option<&str> {
        self.agent_name.as_deref()
    }
}
