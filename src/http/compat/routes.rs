//! Which paths do existing agent clients call?

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};

use super::aws;
use super::problem::CompatProblem;
use crate::http::error::not_enabled;
use crate::http::server::only;
use crate::names::Provider;

/// The three routes.
pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    let route = |provider: &str| {
        only(&format!("/api/v2/workspaceagents/{provider}-instance-identity"), Method::POST)
    };
    config
        .service(route("aws").route(web::post().to(aws::login)))
        .service(route("azure").route(web::post().to(|| other(Provider::Azure))))
        .service(route("google").route(web::post().to(|| other(Provider::Google))));
}

async fn other(provider: Provider) -> Result<HttpResponse, CompatProblem> {
    Err(CompatProblem::new(provider, not_enabled(provider)))
}
