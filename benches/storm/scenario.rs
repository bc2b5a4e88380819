//! When were the agents started, and when is their broker away?

use std::time::Duration;

use fastrand::Rng;

use super::broker::{Absence, Broker};
use super::fleet::Fleet;
use super::outcome::{AFTERWARDS, Outcome};

/// When the agents were started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At any time: their renewals are spread over all of a token's life.
    Spread,
    /// In one second, as a fleet that was booted together.
    Together,
}

/// One storm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) start: Start,
    pub(super) away_from: Duration,
    pub(super) away: Duration,
    pub(super) absence: Absence,
}

/// All that is the same in all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) agents: usize,
    /// Requests that the broker answers in a second.
    pub(super) capacity: u32,
    pub(super) lifetime: Duration,
    /// How long an agent waits for its first token.
    pub(super) wait: Duration,
    pub(super) seed: u64,
}

/// The storms that are looked at.
pub(super) fn all(terms: &Terms) -> Vec<Scenario> {
    let seconds = Duration::from_secs;
    let (calm, renewal) = (terms.lifetime * 2, terms.lifetime * 2 / 3);
    let spread = |name, away| Scenario {
        name,
        start: Start::Spread,
        away_from: calm,
        away: seconds(away),
        absence: Absence::Refused,
    };
    let together = |name, away_from, away| Scenario {
        start: Start::Together,
        away_from,
        ..spread(name, away)
    };
    vec![
        spread("spread, away 5 s", 5),
        spread("spread, away 25 s", 25),
        spread("spread, away 60 s", 60),
        Scenario { absence: Absence::Silent, ..spread("spread, silent for 60 s", 60) },
        spread("spread, away 10 min", 600),
        together("together, away 60 s after 30 s", seconds(30), 60),
        together("together, away 60 s after 10 min", seconds(600), 60),
        together("together, away 60 s at the renewal", renewal - seconds(30), 60),
        together("together, away 10 min at the renewal", renewal - seconds(300), 600),
        together("together, before it is there, 60 s", Duration::ZERO, 60),
        together(
            "together, just before patience ends",
            Duration::ZERO,
            terms.wait.as_secs().saturating_sub(10),
        ),
    ]
}

impl Scenario {
    /// Lets it happen, and an hour pass after it.
    pub(super) fn play(self, terms: &Terms) -> Outcome {
        let back_at = self.away_from + self.away;
        let mut broker = Broker::new(self.away_from..back_at, self.absence, terms);
        let mut fleet = Fleet::new(&self.starts(terms), terms.wait, terms.seed);
        let fate = fleet.go_on(&mut broker, back_at + AFTERWARDS);
        Outcome { scenario: self, broker, fate }
    }

    fn starts(self, terms: &Terms) -> Vec<Duration> {
        let mut random = Rng::with_seed(terms.seed);
        let within = match self.start {
            Start::Spread => terms.lifetime,
            Start::Together => Duration::from_secs(1),
        };
        (0..terms.agents).map(|_| within.mul_f64(random.f64())).collect()
    }
}
