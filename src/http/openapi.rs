//! `/openapi.json`: the API, described for programs.

use actix_web::HttpResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "callsign",
        description = "An auth broker: agents on one cloud machine prove it by the machine's \
                       signed identity, and each gets a session token of its own."
    ),
    paths(
        super::login::aws::login,
        super::login::azure::login,
        super::login::google::login,
        super::challenge::give,
        super::me::show,
        super::me::heartbeat,
        super::sub_agents::token,
        super::resources::put,
        super::resources::find,
        super::resources::delete,
        super::resources::list,
        super::resources::show,
        super::agents::list,
        super::agents::show,
        super::well_known::jwks,
        super::well_known::authorization_server,
        super::well_known::openid_configuration,
        super::health::healthz,
        super::health::readyz,
        super::metrics::show,
        super::compat::aws::login,
        super::compat::azure::login,
        super::compat::google::login,
    ),
    // What a login is answered with is described in one place, by enums whose schemas utoipa does not
    // collect.
    components(schemas(
        super::login::GoodAnswer,
        crate::wire::LoginAnswer,
        crate::wire::DryRunAnswer,
        crate::wire::Problem,
        crate::wire::CompatSession,
        crate::wire::CompatError
    )),
    modifiers(&Tokens, &OperationIds)
)]
struct Api;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("session", SecurityScheme::Http(scheme));
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token whose SHA-256 stands in an [[operator]]"))
            .build();
        components.add_security_scheme("operator", SecurityScheme::Http(scheme));
    }
}

/// Handlers of different files may have one name, operations may not.
struct OperationIds;

impl Modify for OperationIds {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut api.paths.paths {
            let operations = [
                ("get", &mut item.get),
                ("put", &mut item.put),
                ("post", &mut item.post),
                ("delete", &mut item.delete),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    operation.operation_id = Some(operation_id(method, path));
                }
            }
        }
    }
}

/// `POST /v1/login/aws` is `post_v1_login_aws`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// The description of the API (OpenAPI 3.1).
pub fn document() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

pub(super) async fn show() -> HttpResponse {
    HttpResponse::Ok().json(document())
}
