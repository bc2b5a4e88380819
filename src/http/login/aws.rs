//! `POST /v1/login/aws`.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{Answers, Login, log_in, missing};
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::request::RequestId;
use crate::http::server::Front;
use crate::identity::IdentityProof;
use crate::names::Provider;
use crate::wire::AwsLogin;

/// Logs an agent in on AWS.
///
/// Send `pkcs7` (the metadata service's `rsa2048`), or `document` with `signature`.
///
/// With `dry_run`, all is decided and recorded as for a login, and the answer tells which agent it
/// would be: no token is given and no machine registered.
#[utoipa::path(
    post,
    path = "/v1/login/aws",
    tag = "login",
    operation_id = "login_aws",
    request_body = AwsLogin,
    responses(Answers)
)]
pub(in crate::http) async fn login(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    log_in::<AwsLogin>(front, request, request_id, payload).await
}

impl Body for AwsLogin {
    const MEMBERS: &'static str = "Send an object with pkcs7, or with document and signature; \
                                   agent_name and dry_run are optional. dry_run is true or \
                                   false, each of the others a text.";
}

impl Login for AwsLogin {
    const PROVIDER: Provider = Provider::Aws;

    fn proof(&self) -> Result<IdentityProof, Problem> {
        match (&self.pkcs7, &self.document, &self.signature) {
            (Some(pkcs7), None, None) => Ok(IdentityProof::aws_pkcs7(pkcs7)?),
            (None, Some(document), Some(signature)) => {
                Ok(IdentityProof::aws_document(document, signature)?)
            }
            (None, Some(_), None) => Err(missing::<Self>("signature")),
            (None, None, Some(_)) => Err(missing::<Self>("document")),
            (None, None, None) => Err(missing::<Self>("pkcs7")),
            (Some(_), _, _) => Err(Problem::malformed(
                "Send one proof, not two: pkcs7 alone, or document with signature.",
            )),
        }
    }

    fn agent_name(&self) -> Option<&str> {
        self.agent_name.as_deref()
    }

    fn is_dry_run(&self) -> bool {
        self.dry_run.unwrap_or(false)
    }
}
