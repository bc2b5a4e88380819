//! `/metrics`: what is counted, for Prometheus.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::server::Front;
use crate::broker::Broker;
use crate::identity::{KeySetHealth, Standing};
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
    count_anchors(&front.broker);
    if let Some(keys) = &front.broker.trust.google {
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

fn count_anchors(broker: &Broker) {
    let now = broker.clock.now();
    for standing in Standing::ALL {
        let anchors = broker.trust.azure.anchors();
        let count = anchors.filter(|anchor| anchor.standing(now) == standing).count();
        broker.metrics.trust_anchors(Provider::Azure, standing.as_str(), count);
    }
}
