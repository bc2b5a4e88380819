//! `/metrics`: what is counted, for Prometheus.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::server::Front;
use crate::identity::KeySetHealth;
use crate::names::Provider;

/// Counters and histograms in the OpenMetrics text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses((status = 200, description = "Metrics", body = String, content_type = "application/openmetrics-text"))
)]
pub(super) async fn show(front: Data<Front>) -> HttpResponse {
    let metrics = &front.broker.metrics;
    for ping in &front.broker.pings {
        metrics.mailbox_depth(ping.gate().name(), ping.gate().depth());
    }
    if let Some(keys) = &front.broker.google_keys {
        let (age, degraded) = match keys.health(front.broker.clock.now()) {
            KeySetHealth::Missing => (None, true),
            KeySetHealth::Old(age) => (Some(age), true),
            KeySetHealth::Good(age) => (Some(age), false),
        };
        metrics.key_set(Provider::Google, age.map(|age| age.num_seconds()), degraded);
    }
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(metrics.encode())
}
