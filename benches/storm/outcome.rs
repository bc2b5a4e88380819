//! How did it go? The seconds that the broker saw, before, at the return and afterwards.

use std::ops::Range;
use std::time::Duration;

use super::broker::{Broker, Second};
use super::fleet::Fate;
use super::scenario::Scenario;

/// How long the fleet is looked at after the return: every agent renews its token in that time.
pub(super) const AFTERWARDS: Duration = Duration::from_secs(3_600);

/// The last part of that, when all is calm again.
const CALM: Duration = Duration::from_secs(600);

/// The return: the longest pause of a schedule, and one round of heartbeats of who came last.
const RETURN: Duration = Duration::from_secs(90);

/// Logins come with the start, whatever a schedule says afterwards.
const START: Duration = Duration::from_secs(15);

/// What came of a storm.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) scenario: Scenario,
    pub(super) broker: Broker,
    pub(super) fate: Fate,
}

impl Outcome {
    /// Requests a second, on average, long after all is over.
    pub(super) fn calm_mean(&self) -> f64 {
        let calm = self.end() - CALM..self.end();
        let requests: u32 = self.broker.between(calm).map(Second::requests).sum();
        f64::from(requests) / CALM.as_secs_f64()
    }

    /// The most that one second brought before the broker went, the agents' start aside.
    pub(super) fn peak_before(&self) -> u32 {
        self.most(START..self.broker.away.start, Second::requests)
    }

    /// The most that one second of the return brought.
    pub(super) fn peak(&self) -> u32 {
        self.most(self.return_time(), Second::requests)
    }

    /// How many times the calm mean that is.
    pub(super) fn ratio(&self) -> f64 {
        f64::from(self.peak()) / self.calm_mean()
    }

    /// The most logins in one second of the return.
    pub(super) fn peak_of_logins(&self) -> u32 {
        self.most(self.return_time(), |second| second.logins)
    }

    /// The most that one second brought after the return.
    pub(super) fn peak_afterwards(&self) -> u32 {
        self.most(self.return_time().end..self.end(), Second::requests)
    }

    /// How long after the return the last one was back that had asked meanwhile.
    pub(super) fn until_last(&self) -> Duration {
        self.fate.last_back.saturating_sub(self.broker.away.end)
    }

    fn return_time(&self) -> Range<Duration> {
        let back_at = self.broker.away.end;
        back_at..back_at + RETURN
    }

    /// Until when it was looked at.
    pub(super) fn end(&self) -> Duration {
        self.broker.away.end + AFTERWARDS
    }

    fn most(&self, when: Range<Duration>, of: impl Fn(Second) -> u32) -> u32 {
        self.broker.between(when).map(of).max().unwrap_or_default()
    }
}
