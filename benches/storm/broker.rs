//! What does the simulated broker answer, and what did it see? Tokens while it is there, no more
//! than it can; nothing while it is away; and every request counted in its second.

use std::ops::Range;
use std::time::Duration;

use callsign::client::ClientError;
use callsign::sidecar::SidecarError;
use callsign::sidecar::watch::{Happened, Task};
use callsign::sidecar::weight::weigh;

use super::scenario::Terms;

/// What an answer takes: next to nothing beside the pauses of a schedule.
const ANSWER: Duration = Duration::from_millis(10);

/// What a broker that is full says (`Retry-After`).
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How a broker is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// Its machine refuses connections: whoever asks knows at once.
    Refused,
    /// Nothing answers: whoever asks knows when its patience with a connection ends (3 s).
    Silent,
}

/// What one second brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Second {
    pub(super) logins: u32,
    pub(super) beats: u32,
}

impl Second {
    pub(super) fn requests(self) -> u32 {
        self.logins + self.beats
    }
}

/// A broker that is away once.
#[derive(Debug)]
pub(super) struct Broker {
    pub(super) away: Range<Duration>,
    absence: Absence,
    capacity: u32,
    lifetime: Duration,
    seconds: Vec<Second>,
}

impl Broker {
    pub(super) fn new(away: Range<Duration>, absence: Absence, terms: &Terms) -> Self {
        let Terms { capacity, lifetime, .. } = *terms;
        Self { away, absence, capacity, lifetime, seconds: Vec::new() }
    }

    /// The seconds of this time, those without a request among them.
    pub(super) fn between(&self, when: Range<Duration>) -> impl Iterator<Item = Second> {
        let seconds = when.start.as_secs()..when.end.as_secs();
        seconds.map(|second| self.seconds.get(second as usize).copied().unwrap_or_default())
    }

    /// What comes of this task when it is asked for now, and how long it takes to know.
    pub(super) fn ask(&mut self, task: Task, now: Duration) -> (Happened, Duration) {
        let second = self.second(now);
        match task {
            Task::LogIn => second.logins += 1,
            Task::Beat => second.beats += 1,
        }
        let requests = second.requests();
        if self.away.contains(&now) {
            return (failed(task, away()), self.absence.takes());
        }
        let happened = match task {
            _ if requests > self.capacity => failed(task, full()),
            Task::LogIn => Happened::LoggedIn(self.lifetime),
            Task::Beat => Happened::Beaten,
        };
        (happened, ANSWER)
    }

    fn second(&mut self, now: Duration) -> &mut Second {
        let number = now.as_secs() as usize;
        if self.seconds.len() <= number {
            self.seconds.resize(number + 1, Second::default());
        }
        &mut self.seconds[number]
    }
}

impl Absence {
    fn takes(self) -> Duration {
        match self {
            Absence::Refused => Duration::from_millis(1),
            Absence::Silent => Duration::from_secs(3),
        }
    }
}

fn failed(task: Task, error: ClientError) -> Happened {
    let weight = weigh(&SidecarError::Broker(error));
    match task {
        Task::LogIn => Happened::LoginFailed(weight),
        Task::Beat => Happened::BeatFailed(weight),
    }
}

fn away() -> ClientError {
    ClientError::Unreachable { url: String::new(), reason: String::new() }
}

fn full() -> ClientError {
    let retry_after = Some(RETRY_AFTER);
    ClientError::Later { url: String::new(), reason: String::new(), retry_after }
}
