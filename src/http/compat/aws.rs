//! `POST /api/v2/workspaceagents/aws-instance-identity`.

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
use crate::wire::CompatAwsLogin;

/// Logs an existing agent client in on AWS.
#[utoipa::path(
    post,
    path = "/api/v2/workspaceagents/aws-instance-identity",
    tag = "compatible",
    operation_id = "compatible_login_aws",
    request_body = CompatAwsLogin,
    responses(Answers)
)]
pub(in crate::http) async fn login(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, CompatProblem> {
    log_in::<CompatAwsLogin>(front, request, request_id, payload).await
}

impl CompatLogin for CompatAwsLogin {
    const PROVIDER: Provider = Provider::Aws;

    fn proof(&self) -> Result<IdentityProof, Problem> {
        let [signature, document] =
            required([("signature", &self.signature), ("document", &self.document)])?;
        Ok(IdentityProof::aws_document(document, signature)?)
    }

    fn agent_name(&self) -> Option<&str> {
        self.agent_name.as_deref()
    }
}
