//! How many refused logins are written down? A token bucket, as a pure rule.
//!
//! Anyone who reaches the broker can be refused, as often as they like. Without a bound, that
//! would be a way to fill the disk and to make good logins wait for it.

use chrono::{DateTime, Utc};

/// How many refusals may be recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefusalBudget {
    burst: f64,
    per_second: f64,
    left: f64,
    refilled_at: DateTime<Utc>,
    dropped: u64,
}

impl RefusalBudget {
    /// A full budget: `burst` refusals at once, `per_second` in the long run.
    pub fn new(burst: u32, per_second: u32, now: DateTime<Utc>) -> Self {
        let burst = f64::from(burst);
        Self { burst, per_second: f64::from(per_second), left: burst, refilled_at: now, dropped: 0 }
    }

    /// Whether one more may be recorded now; counts it either way.
    pub fn spend(&mut self, now: DateTime<Utc>) -> bool {
        let elapsed = (now - self.refilled_at).to_std().unwrap_or_default();
        self.left = (self.left + elapsed.as_secs_f64() * self.per_second).min(self.burst);
        self.refilled_at = now;
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        } else {
            self.dropped += 1;
        }
        allowed
    }

    /// How many were not recorded since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_burst_is_recorded_then_the_long_run_rate() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut budget = RefusalBudget::new(3, 2, start);
        let allowed = |budget: &mut RefusalBudget, milliseconds| {
            let now = start + TimeDelta::milliseconds(milliseconds);
            (0..10).filter(|_| budget.spend(now)).count()
        };
        assert_eq!(allowed(&mut budget, 0), 3);
        assert_eq!(allowed(&mut budget, 400), 0);
        assert_eq!(allowed(&mut budget, 1_400), 2);
        assert_eq!(allowed(&mut budget, 60_000), 3);
        assert_eq!(budget.dropped(), 7 + 10 + 8 + 7);
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_and_breaks_nothing() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut budget = RefusalBudget::new(1, 1, start);
        assert!(budget.spend(start));
        assert!(!budget.spend(start - TimeDelta::hours(1)));
    }
}
