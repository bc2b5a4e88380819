//! Is this machine's clock right? As the broker sees it: who checks tokens on this machine goes by
//! its clock.

use chrono::{DateTime, TimeDelta, Utc};

/// Who checks tokens forgives this much.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// How far ahead of the broker's this machine's clock is, where that is too far. The broker's time
/// is that of an answer that was asked for and had between these two moments.
pub fn skew(
    asked: DateTime<Utc>,
    broker: DateTime<Utc>,
    answered: DateTime<Utc>,
) -> Option<TimeDelta> {
    let ahead = if broker < asked {
        asked - broker
    } else if broker > answered {
        answered - broker
    } else {
        TimeDelta::zero()
    };
    (ahead.abs() > LEEWAY).then_some(ahead)
}

/// What to do about it, for people.
pub fn describe(ahead: TimeDelta) -> String {
    let (seconds, way) =
        (ahead.num_seconds().abs(), if ahead < TimeDelta::zero() { "behind" } else { "ahead of" });
    format!(
        "this machine's clock is {seconds} s {way} the broker's: programs here may take good \
         tokens for expired or not yet good. Set it right (chrony or systemd-timesyncd)."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_named_only_beyond_the_leeway_and_the_time_of_the_request() {
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        for (asked, broker, answered, expected) in [
            (0, 0, 1, None),
            (0, 61, 1, None),
            (0, 62, 1, Some(-61)),
            (0, -60, 1, None),
            (0, -61, 1, Some(61)),
            (0, 14, 15, None),
        ] {
            let skew = skew(at(asked), at(broker), at(answered));
            assert_eq!(skew.map(|skew| skew.num_seconds()), expected, "{broker}");
        }
        assert!(describe(TimeDelta::seconds(-90)).contains("90 s behind"));
    }
}
