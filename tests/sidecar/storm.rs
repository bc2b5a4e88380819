//! Do many agents that lose their broker together come back one by one? As `cargo bench --bench
//! storm` shows it for thousands, by the same simulation: the sidecar's own schedule, no network.

#[path = "../../benches/storm/broker.rs"]
mod broker;
#[path = "../../benches/storm/fleet.rs"]
mod fleet;
#[path = "../../benches/storm/outcome.rs"]
mod outcome;
#[path = "../../benches/storm/scenario.rs"]
mod scenario;

use std::time::Duration;

use scenario::{Terms, all};

const TERMS: Terms = Terms {
    agents: 500,
    capacity: 200,
    lifetime: Duration::from_secs(3_600),
    wait: Duration::from_secs(300),
    seed: 1,
};

#[test]
fn agents_that_lost_their_broker_are_back_within_a_minute_and_never_in_one_second() {
    for outcome in all(&TERMS).iter().map(|storm| storm.play(&TERMS)) {
        let (name, fate) = (outcome.scenario.name, outcome.fate);
        assert!(fate.lost > 50, "{name}: only {} noticed", fate.lost);
        assert_eq!((fate.failed_logins, fate.expired, fate.ended), (0, 0, 0), "{name}");
        assert!(outcome.peak_of_logins() < 40, "{name}: {} logins", outcome.peak_of_logins());
        // The longest pause, and the time to know that nobody answers.
        assert!(outcome.until_last() <= Duration::from_secs(63), "{name}: {fate:?}");
        // Five hundred agents are some 18 requests a second; chance alone makes 35 of them at times.
        assert!(outcome.ratio() < 5.0, "{name}: {} in one second", outcome.peak());
        let most = outcome.calm_mean() * 2.5;
        for peak in [outcome.peak_before(), outcome.peak_afterwards()] {
            assert!(f64::from(peak) < most, "{name}: {peak} in one second of calm");
        }
    }
}
