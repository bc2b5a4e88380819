//! How long until the next try? Twice as long each time, up to a minute, never in step with others,
//! and never before the broker said.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// The wait after this many failures in a row, at least `retry_after`; `random` is from 0 to 1.
///
/// Half of the wait is chance. What a broker asks for comes on top, so that all those who were told
/// the same moment do not come back in it.
pub fn delay(failures: u32, retry_after: Option<Duration>, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(6);
    let wait = (FIRST * 2_u32.pow(doublings)).min(LONGEST);
    let jittered = wait.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0));
    match retry_after {
        Some(asked) => asked + jittered,
        None => jittered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_half_of_each_is_chance() {
        for (failures, random, milliseconds) in [
            (0, 1.0, 1_000),
            (1, 0.0, 500),
            (1, 1.0, 1_000),
            (2, 1.0, 2_000),
            (6, 1.0, 32_000),
            (7, 1.0, 60_000),
            (7, 0.0, 30_000),
            (u32::MAX, 1.0, 60_000),
        ] {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(delay(failures, None, random), expected, "{failures} {random}");
        }
    }

    #[test]
    fn nobody_comes_back_before_the_broker_said() {
        let asked = Duration::from_secs(120);
        for random in [0.0, 0.5, 1.0] {
            assert!(delay(1, Some(asked), random) > asked);
        }
    }
}
