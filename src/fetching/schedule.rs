//! When is the next try? A pure rule over the clock: by the set's own lifetime after a success,
//! after a growing pause when tries fail, and a little sooner when somebody asks.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Sooner than this no set is asked for again, whatever its lifetime says.
const SHORTEST: TimeDelta = TimeDelta::minutes(5);
/// Later than this none is: a key that was withdrawn must not be believed for longer.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(2);
/// The longest pause between tries that fail.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// How soon after the last try one that was asked for may follow. Anyone can ask, by a token with
/// an invented key id, so this bounds what strangers can make us do.
const ASKED_PAUSE: TimeDelta = TimeDelta::minutes(1);
/// The longest sleep: the clock may be set, or the machine suspended, meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// When to try next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    next: DateTime<Utc>,
    last: Option<DateTime<Utc>>,
    failures: u32,
}

impl Schedule {
    /// The first try is due now.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { next: now, last: None, failures: 0 }
    }

    /// How long to sleep before looking again; nought when a try is due.
    pub fn wait(&self, now: DateTime<Utc>) -> Duration {
        let wait = self.next.signed_duration_since(now).to_std().unwrap_or_default();
        wait.min(LONGEST_SLEEP)
    }

    /// A try brought a set of this lifetime; gives the time until which it is fresh. `jitter`, from
    /// 0 to 255, spreads brokers that started together over the last tenth of the lifetime.
    pub fn succeeded(
        &mut self,
        now: DateTime<Utc>,
        lifetime: Duration,
        jitter: u8,
    ) -> DateTime<Utc> {
        let lifetime = TimeDelta::from_std(lifetime).unwrap_or(LONGEST).clamp(SHORTEST, LONGEST);
        *self = Self {
            next: now + lifetime - share(lifetime / 10, jitter),
            last: Some(now),
            failures: 0,
        };
        now + lifetime
    }

    /// A try brought nothing. `jitter` as above, over half the pause.
    pub fn failed(&mut self, now: DateTime<Utc>, jitter: u8) {
        let doublings = self.failures.min(16);
        let pause = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
        let next = now + pause - share(pause / 2, jitter);
        *self = Self { next, last: Some(now), failures: self.failures.saturating_add(1) };
    }

    /// The next try is due after this pause.
    pub fn pause(&mut self, now: DateTime<Utc>, pause: TimeDelta) {
        *self = Self { next: now + pause, last: Some(now), failures: 0 };
    }

    /// Somebody asks for a newer set.
    pub fn hasten(&mut self, now: DateTime<Utc>) {
        let soonest = self.last.map_or(now, |last| last + ASKED_PAUSE);
        self.next = self.next.min(soonest.max(now));
    }
}

fn share(whole: TimeDelta, jitter: u8) -> TimeDelta {
    whole * i32::from(jitter) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        start() + TimeDelta::seconds(seconds)
    }

    /// Seconds until the next try, as if one could sleep for longer than a minute.
    fn due(schedule: &Schedule, now: DateTime<Utc>) -> i64 {
        (schedule.next - now).num_seconds()
    }

    #[test]
    fn a_lifetime_is_honoured_within_bounds() {
        for (lifetime, jitter, next) in [
            (20_000, 0, 20_000),
            (20_000, 255, 18_000),
            (0, 0, 300),
            (1, 255, 270),
            (u64::MAX, 0, 86_400),
            (1_000_000, 255, 77_760),
        ] {
            let mut schedule = Schedule::new(start());
            assert_eq!(schedule.wait(start()), Duration::ZERO);
            schedule.succeeded(start(), Duration::from_secs(lifetime), jitter);
            assert_eq!(due(&schedule, start()), next, "{lifetime} {jitter}");
        }
    }

    #[test]
    fn failures_are_followed_by_longer_and_longer_pauses_up_to_five_minutes() {
        let mut schedule = Schedule::new(start());
        let mut pauses = Vec::new();
        for _ in 0..10 {
            schedule.failed(start(), 0);
            pauses.push(due(&schedule, start()));
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        schedule.failed(start(), 255);
        assert_eq!(due(&schedule, start()), 150);
        schedule.succeeded(start(), Duration::from_secs(600), 0);
        schedule.failed(start(), 0);
        assert_eq!(due(&schedule, start()), 2);
    }

    #[test]
    fn who_asks_is_heard_once_a_minute() {
        let mut schedule = Schedule::new(start());
        schedule.succeeded(start(), Duration::from_secs(3_600), 0);
        schedule.hasten(at(10));
        assert_eq!(due(&schedule, at(10)), 50);
        schedule.hasten(at(20));
        assert_eq!(due(&schedule, at(20)), 40);
        schedule.hasten(at(120));
        assert_eq!(schedule.wait(at(120)), Duration::ZERO);
    }

    #[test]
    fn asking_puts_nothing_off() {
        let mut schedule = Schedule::new(start());
        schedule.failed(start(), 0);
        schedule.hasten(at(1));
        assert_eq!(due(&schedule, at(1)), 1);
    }

    #[test]
    fn no_sleep_is_longer_than_a_minute() {
        let mut schedule = Schedule::new(start());
        schedule.succeeded(start(), Duration::from_secs(3_600), 0);
        assert_eq!(schedule.wait(start()), LONGEST_SLEEP);
        assert_eq!(schedule.wait(at(4_000)), Duration::ZERO);
    }
}
