//! When is a token renewed? At two thirds of its lifetime, and not all agents at once.

use std::time::Duration;

/// The share of a token's lifetime after which it is renewed. What is left, a third, is the time
/// that a broker may be away without any program noticing.
const SHARE: f64 = 2.0 / 3.0;

/// How far from that moment a renewal may be, as a share of it: agents that were started together
/// come apart, a broker that restarts is not met by all of them in one second.
const SPREAD: f64 = 0.05;

/// How long after its issue a token of this lifetime is renewed; `random` is from 0 to 1.
pub fn delay(lifetime: Duration, random: f64) -> Duration {
    lifetime.mul_f64(SHARE * (1.0 - SPREAD + 2.0 * SPREAD * random.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_around_two_thirds_of_its_life() {
        for (lifetime, random, expected) in [
            (3_600, 0.5, 2_400.0),
            (3_600, 0.0, 2_280.0),
            (3_600, 1.0, 2_520.0),
            (60, 0.5, 40.0),
            (0, 0.5, 0.0),
        ] {
            let delay = delay(Duration::from_secs(lifetime), random).as_secs_f64();
            assert!((delay - expected).abs() < 0.001, "{lifetime} {random}: {delay}");
        }
    }
}
