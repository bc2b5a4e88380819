//! What is counted? The broker's metrics, in Prometheus' text format.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::names::Provider;

/// The outcome of a dry run that was told its agent. Dry runs have outcomes of their own, so that
/// nobody's diagnosis looks like a fleet's trouble.
pub const DRY_RUN: &str = "dry-run";

/// The outcome of a dry run that was denied its agent, for whatever reason.
pub const DRY_RUN_REFUSED: &str = "dry-run-refused";

/// Every counter of the broker; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    series: Arc<Series>,
}

#[derive(Debug)]
struct Series {
    logins: Family<LoginLabels, Counter>,
    stages: Family<StageLabels, Histogram>,
    requests: Family<RequestLabels, Counter>,
    mailboxes: Family<MailboxLabels, Gauge>,
    key_set_ages: Family<KeySetLabels, Gauge>,
    key_sets_degraded: Family<KeySetLabels, Gauge>,
    anchors: Family<AnchorLabels, Gauge>,
    retention_removed: Family<RetentionLabels, Counter>,
    retention_backlogs: Family<RetentionLabels, Gauge>,
    retention_last_run: Gauge,
    commits: Histogram,
    refusals_not_recorded: Counter,
    events_missed: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LoginLabels {
    provider: &'static str,
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MailboxLabels {
    mailbox: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KeySetLabels {
    provider: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AnchorLabels {
    provider: &'static str,
    standing: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RetentionLabels {
    kind: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Counters at nought.
    pub fn new() -> Self {
        let series = Series {
            logins: Family::default(),
            // 50 microseconds to 1.6 seconds: a signature check to a stuck disk.
            stages: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.000_05, 2.0, 16))
            }),
            requests: Family::default(),
            mailboxes: Family::default(),
            key_set_ages: Family::default(),
            key_sets_degraded: Family::default(),
            anchors: Family::default(),
            retention_removed: Family::default(),
            retention_backlogs: Family::default(),
            retention_last_run: Gauge::default(),
            commits: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            refusals_not_recorded: Counter::default(),
            events_missed: Counter::default(),
        };
        Self { registry: Arc::new(series.registered()), series: Arc::new(series) }
    }

    /// A login ended; `outcome` is `granted`, the error code that was answered, or of a dry run.
    pub fn login(&self, provider: Provider, kind: &'static str, outcome: &'static str) {
        let labels = LoginLabels { provider: provider.as_str(), kind, outcome };
        self.series.logins.get_or_create(&labels).inc();
    }

    /// A stage of a login took this long.
    pub fn stage(&self, stage: &'static str, took: Duration) {
        self.series.stages.get_or_create(&StageLabels { stage }).observe(took.as_secs_f64());
    }

    /// An HTTP request was answered; `route` is the pattern that matched, not the path.
    pub fn request(&self, route: String, status: u16) {
        self.series.requests.get_or_create(&RequestLabels { route, status }).inc();
    }

    /// So many requests wait in, or are at work behind, this mailbox.
    pub fn mailbox_depth(&self, mailbox: &'static str, depth: usize) {
        let depth = i64::try_from(depth).unwrap_or(i64::MAX);
        self.series.mailboxes.get_or_create(&MailboxLabels { mailbox }).set(depth);
    }

    /// A provider's key set came in so many seconds ago, if one did; `degraded` where there is none,
    /// or a newer one should be there.
    pub fn key_set(&self, provider: Provider, age_seconds: Option<i64>, degraded: bool) {
        let labels = KeySetLabels { provider: provider.as_str() };
        if let Some(age) = age_seconds {
            self.series.key_set_ages.get_or_create(&labels).set(age);
        }
        self.series.key_sets_degraded.get_or_create(&labels).set(degraded.into());
    }

    /// So many of a provider's anchors are `good`, `ending` within 90 days, or have `ended`.
    pub fn trust_anchors(&self, provider: Provider, standing: &'static str, count: usize) {
        let labels = AnchorLabels { provider: provider.as_str(), standing };
        self.series.anchors.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// So many rows that were over for long enough were removed.
    pub fn retention_removed(&self, kind: &'static str, rows: u64) {
        self.series.retention_removed.get_or_create(&RetentionLabels { kind }).inc_by(rows);
    }

    /// So many rows wait for their removal.
    pub fn retention_backlog(&self, kind: &'static str, rows: u64) {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        self.series.retention_backlogs.get_or_create(&RetentionLabels { kind }).set(rows);
    }

    /// The last look for what is over ended then, here or at another broker of the database.
    pub fn retention_ran(&self, at: DateTime<Utc>) {
        self.series.retention_last_run.set(at.timestamp());
    }

    /// A commit carries so many records.
    pub fn commit_size(&self, records: usize) {
        self.series.commits.observe(f64::from(u32::try_from(records).unwrap_or(u32::MAX)));
    }

    /// A refused login was beyond what is recorded.
    pub fn refusal_not_recorded(&self) {
        self.series.refusals_not_recorded.inc();
    }

    /// The decision log was too slow and missed so many events.
    pub fn events_missed(&self, events: u64) {
        self.series.events_missed.inc_by(events);
    }

    /// All of it in the OpenMetrics text format, which Prometheus reads.
    pub fn encode(&self) -> String {
        let mut page = String::new();
        // Writing to a String does not fail.
        let _ = text::encode(&mut page, &self.registry);
        page
    }
}

impl Series {
    fn registered(&self) -> Registry {
        let mut registry = Registry::with_prefix("callsign");
        registry.register("logins", "Logins by outcome", self.logins.clone());
        registry.register_with_unit(
            "login_stage",
            "Time that a stage of a login took",
            Unit::Seconds,
            self.stages.clone(),
        );
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register(
            "mailbox_depth",
            "Requests that wait for an actor or are at work in it",
            self.mailboxes.clone(),
        );
        registry.register_with_unit(
            "key_set_age",
            "Time since a provider's key set came in",
            Unit::Seconds,
            self.key_set_ages.clone(),
        );
        registry.register(
            "key_set_degraded",
            "1 where a provider's key set is missing or old",
            self.key_sets_degraded.clone(),
        );
        registry.register(
            "trust_anchors",
            "Certificate authorities that are good, end within 90 days, or have ended",
            self.anchors.clone(),
        );
        registry.register(
            "retention_removed",
            "Rows that were over for long enough and were removed",
            self.retention_removed.clone(),
        );
        registry.register(
            "retention_backlog",
            "Rows that wait for their removal, up to 100,000 of a kind",
            self.retention_backlogs.clone(),
        );
        // A moment, not an age: an age would stand still where nobody sets it any more.
        registry.register_with_unit(
            "retention_last_run_timestamp",
            "When it was last removed what is over, by any broker of the database",
            Unit::Seconds,
            self.retention_last_run.clone(),
        );
        registry.register("commit_size", "Records in one commit", self.commits.clone());
        registry.register(
            "refusals_not_recorded",
            "Refused logins beyond what is written to disk",
            self.refusals_not_recorded.clone(),
        );
        registry.register(
            "events_missed",
            "Events that the decision log was too slow for",
            self.events_missed.clone(),
        );
        registry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::new();
        metrics.login(Provider::Aws, "aws:rsa2048", "granted");
        metrics.login(Provider::Aws, "aws:rsa2048", "granted");
        metrics.stage("verify", Duration::from_millis(1));
        metrics.mailbox_depth("verifier", 3);
        metrics.key_set(Provider::Google, Some(60), true);
        metrics.trust_anchors(Provider::Azure, "ending", 2);
        metrics.retention_removed("expired-tokens", 4);
        metrics.retention_backlog("expired-tokens", 5);
        metrics.retention_ran(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let page = metrics.encode();
        for line in [
            "callsign_logins_total{provider=\"aws\",kind=\"aws:rsa2048\",outcome=\"granted\"} 2",
            "callsign_login_stage_seconds_count{stage=\"verify\"} 1",
            "callsign_mailbox_depth{mailbox=\"verifier\"} 3",
            "callsign_key_set_age_seconds{provider=\"google\"} 60",
            "callsign_trust_anchors{provider=\"azure\",standing=\"ending\"} 2",
            "callsign_retention_removed_total{kind=\"expired-tokens\"} 4",
            "callsign_retention_backlog{kind=\"expired-tokens\"} 5",
            "callsign_retention_last_run_timestamp_seconds 1800000000",
            "callsign_key_set_degraded{provider=\"google\"} 1",
        ] {
            assert!(page.contains(line), "{line}\nis not in\n{page}");
        }
    }
}
