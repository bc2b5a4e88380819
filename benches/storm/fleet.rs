//! What do many agents do, one beside the other? Each goes by the sidecar's own schedule
//! ([`Watch`]); the clock is simulated, so hours of it take seconds.
//!
//! This is the loop of `sidecar::run` for all of them at once: what an agent's schedule says is done
//! when it is due, the earliest of all first, and what came of it goes into the schedule.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use callsign::sidecar::watch::{Happened, Verdict, Watch};
use fastrand::Rng;

use super::broker::Broker;

/// Agents by their number, the earliest one's moment first.
#[derive(Debug)]
pub(super) struct Fleet {
    agents: Vec<Agent>,
    due: BinaryHeap<Reverse<(Duration, usize)>>,
}

/// An agent, as far as it matters here.
#[derive(Debug)]
struct Agent {
    started: Duration,
    watch: Watch,
    random: Rng,
    expires: Option<Duration>,
    /// It asked while the broker was away.
    lost_it: bool,
}

/// What became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    /// Those that asked while the broker was away.
    pub(super) lost: u32,
    /// When the last of those had an answer again.
    pub(super) last_back: Duration,
    /// Tokens that ended before there was another.
    pub(super) expired: u32,
    /// Agents that gave up.
    pub(super) ended: u32,
    /// Logins that failed although the broker was there again.
    pub(super) failed_logins: u32,
}

impl Fleet {
    /// One agent for each moment of `starts`, with `wait` as its patience until the first token.
    pub(super) fn new(starts: &[Duration], wait: Duration, seed: u64) -> Self {
        let agents = starts.iter().zip(seed..).map(|(started, seed)| Agent {
            started: *started,
            watch: Watch::new(wait),
            random: Rng::with_seed(seed),
            expires: None,
            lost_it: false,
        });
        let due = starts.iter().zip(0..).map(|(started, number)| Reverse((*started, number)));
        Self { agents: agents.collect(), due: due.collect() }
    }

    /// Lets all of them go on until this moment.
    pub(super) fn go_on(&mut self, broker: &mut Broker, until: Duration) -> Fate {
        let mut fate = Fate::default();
        while let Some(&Reverse((now, number))) = self.due.peek()
            && now < until
        {
            self.due.pop();
            match self.agents[number].turn(broker, now, &mut fate) {
                Some(next) => self.due.push(Reverse((next, number))),
                None => fate.ended += 1,
            }
        }
        fate
    }
}

impl Agent {
    /// Does what is due, and tells when the next thing is; `None` when there is none.
    fn turn(&mut self, broker: &mut Broker, now: Duration, fate: &mut Fate) -> Option<Duration> {
        let (task, _) = self.watch.next();
        let (happened, took) = broker.ask(task, now);
        let answered = now + took;
        self.note(happened, broker, now, answered, fate);
        let random = self.random.f64();
        if self.watch.on(happened, answered - self.started, random) == Verdict::End {
            return None;
        }
        // A schedule counts from the agent's own start, and does not go back in time.
        let (_, due) = self.watch.next();
        Some((self.started + due).max(answered))
    }

    fn note(
        &mut self,
        happened: Happened,
        broker: &Broker,
        asked: Duration,
        answered: Duration,
        fate: &mut Fate,
    ) {
        match happened {
            Happened::LoginFailed(_) | Happened::BeatFailed(_) if broker.away.contains(&asked) => {
                fate.lost += u32::from(!std::mem::replace(&mut self.lost_it, true));
            }
            Happened::LoginFailed(_) => fate.failed_logins += u32::from(asked >= broker.away.end),
            Happened::BeatFailed(_) => {}
            Happened::LoggedIn(_) | Happened::Beaten => {
                if std::mem::take(&mut self.lost_it) {
                    fate.last_back = fate.last_back.max(answered);
                }
            }
        }
        if let Happened::LoggedIn(lifetime) = happened {
            let ended = self.expires.replace(asked + lifetime);
            fate.expired += u32::from(ended.is_some_and(|ended| ended < answered));
        }
    }
}
