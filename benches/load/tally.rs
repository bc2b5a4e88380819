//! What came of a phase?

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::phase::Phase;

/// Answers, as they come in.
pub(super) struct Tally {
    /// How many of each status, 0 for broken connections.
    pub(super) statuses: BTreeMap<u16, u64>,
    /// Of answers as they should be, in microseconds.
    pub(super) good: Histogram<u64>,
    /// Of the storm's, as they should be.
    pub(super) storm: Histogram<u64>,
    /// Of all others.
    pub(super) other: Histogram<u64>,
}

impl Tally {
    pub(super) fn new() -> Self {
        // Three digits from a microsecond to a minute.
        let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
        let (good, storm, other) = (histogram(), histogram(), histogram());
        Self { statuses: BTreeMap::new(), good, storm, other }
    }
}

/// What came of a phase.
pub(super) struct Outcome {
    pub(super) phase: Phase,
    pub(super) time: Duration,
    /// Requests that were due, in an open loop.
    pub(super) due_per_second: Option<f64>,
    pub(super) tally: Tally,
    /// Processor time of our own brokers.
    pub(super) cpu: Option<Duration>,
    /// Memory that they held, in MiB.
    pub(super) resident: Option<f64>,
}

impl Outcome {
    pub(super) fn per_second(&self, histogram: &Histogram<u64>) -> f64 {
        histogram.len() as f64 / self.time.as_secs_f64()
    }

    pub(super) fn good_per_second(&self) -> f64 {
        self.per_second(&self.tally.good)
    }

    /// Processor time of the brokers for each answer.
    pub(super) fn cpu_of_one(&self) -> Option<Duration> {
        let answers: u64 = self.tally.statuses.values().sum();
        Some(self.cpu?.div_f64(answers as f64))
    }
}
