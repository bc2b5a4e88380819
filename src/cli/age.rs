//! How long ago was that? In the words of people; programs get the time itself.

use chrono::{DateTime, TimeDelta, Utc};

/// The time between two moments in its largest unit, as `3 h`.
pub(super) fn age(from: DateTime<Utc>, now: DateTime<Utc>) -> String {
    // Clocks differ a little: what comes from the future is new.
    let age = (now - from).max(TimeDelta::zero());
    match age.num_seconds() {
        seconds @ ..60 => format!("{seconds} s"),
        3600.. if age.num_hours() >= 48 => format!("{} d", age.num_days()),
        3600.. => format!("{} h", age.num_hours()),
        _ => format!("{} min", age.num_minutes()),
    }
}

/// A moment with its age, as `2026-11-25 08:00:00 UTC (3 h ago)`.
pub(super) fn moment(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{} UTC ({} ago)", time.format("%Y-%m-%d %H:%M:%S"), age(time, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let then = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for (seconds, expected) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (47 * 3600, "47 h"),
            (48 * 3600, "2 d"),
            (400 * 86_400, "400 d"),
        ] {
            assert_eq!(age(then, then + TimeDelta::seconds(seconds)), expected);
        }
        let told = moment(then, then + TimeDelta::hours(3));
        assert_eq!(told, "2027-01-15 08:00:00 UTC (3 h ago)");
    }
}
