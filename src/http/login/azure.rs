//! `POST /v1/login/azure`.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{Answers, Login, log_in, missing};
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::request::RequestId;
use crate::http::server::Front;
use crate::identity::IdentityProof;
use crate::names::Provider;
use crate::wire::AzureLogin;

/// The one encoding that the metadata service knows.
const ENCODING: &str = "pkcs7";

/// Logs an agent in on Azure.
///
/// Send `signature` of the metadata service's attested document. Where the broker knows no
/// authority that issued its signer's certificate, `certificates` complete the path to one. A
/// document whose nonce has ten digits is meant to answer a challenge of `POST /v1/challenge`.
///
/// With `dry_run`, all is decided and recorded as for a login, and the answer tells which agent it
/// would be: no token is given and no machine registered.
#[utoipa::path(
    post,
    path = "/v1/login/azure",
    tag = "login",
    operation_id = "login_azure",
    request_body = AzureLogin,
    responses(Answers)
)]
pub(in crate::http) async fn login(
    front: Data<Front>,
    request: HttpRequest,
    request_id: RequestId,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    log_in::<AzureLogin>(front, request, request_id, payload).await
}

impl Body for AzureLogin {
    const MEMBERS: &'static str = "Send an object with signature; encoding (pkcs7), \
                                   certificates, agent_name and dry_run are optional. \
                                   certificates is a list of texts, dry_run is true or false, \
                                   each of the others a text.";
}

impl Login for AzureLogin {
    const PROVIDER: Provider = Provider::Azure;

    fn proof(&self) -> Result<IdentityProof, Problem> {
        let signature = self.signature.as_deref();
        let signature = signature.ok_or_else(|| missing::<Self>("signature"))?;
        check_encoding(self.encoding.as_deref())?;
        let certificates = self.certificates.as_deref().unwrap_or_default();
        Ok(IdentityProof::azure_attested(signature, certificates)?)
    }

    fn agent_name(&self) -> Option<&str> {
        self.agent_name.as_deref()
    }

    fn is_dry_run(&self) -> bool {
        self.dry_run.unwrap_or(false)
    }
}

/// Another encoding would be another kind of proof, which this is not the place for.
pub(in crate::http) fn check_encoding(encoding: Option<&str>) -> Result<(), Problem> {
    match encoding {
        None | Some(ENCODING) => Ok(()),
        Some(_) => {
            let detail = "The member encoding: the only one there is is pkcs7.";
            Err(Problem::malformed(detail).blaming("encoding"))
        }
    }
}
