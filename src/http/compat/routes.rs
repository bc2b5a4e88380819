//! Which paths do existing agent clients call?

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource};

use super::problem::CompatProblem;
use super::{aws, azure, google};
use crate::http::server::wrong_method;
use crate::names::Provider;

/// The three routes.
pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(route(Provider::Aws).route(web::post().to(aws::login)))
        .service(route(Provider::Azure).route(web::post().to(azure::login)))
        .service(route(Provider::Google).route(web::post().to(google::login)));
}

fn route(provider: Provider) -> Resource {
    let path = format!("/api/v2/workspaceagents/{provider}-instance-identity");
    web::resource(path).default_service(web::to(move || async move {
        let problem = wrong_method(&[Method::POST]);
        Err::<HttpResponse, _>(CompatProblem::new(provider, problem))
    }))
}
