//! `/healthz` and `/readyz`: does the process run, and would a login succeed?

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::server::Front;
use crate::broker::readiness::{self, Part};
use crate::wire::{Health, PartState, Readiness};

/// The process runs.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operations",
    responses((status = 200, description = "The process runs", body = Health))
)]
pub(super) async fn healthz() -> HttpResponse {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    HttpResponse::Ok().json(Health { status: "ok".to_owned(), version })
}

/// Whether logins would succeed now.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses(
        (status = 200, description = "Every part is usable, though some may be degraded", body = Readiness),
        (status = 503, description = "Some part is not", body = Readiness),
    )
)]
pub(super) async fn readyz(front: Data<Front>) -> HttpResponse {
    let parts = readiness::parts(&front.broker, &front.database).await;
    let ready = parts.iter().all(|part| part.fault.is_none());
    let body = Readiness { ready, parts: parts.into_iter().map(state).collect() };
    if ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}

fn state(Part { name, fault, concern }: Part) -> (String, PartState) {
    let state = match (fault, concern) {
        (Some(reason), _) => PartState::Failed { reason },
        (None, Some(reason)) => PartState::Degraded { reason },
        (None, None) => PartState::Ok,
    };
    (name.to_owned(), state)
}
