//! How is it loaded? In a closed loop or an open one, for a while, by many connections.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::broker::Brokers;
use super::client::Connection;
use super::phase::{Load, Phase};
use super::pool::{Pool, Prepared};
use super::tally::{Outcome, Tally};

/// Who asks whom for what.
pub(super) struct Scene<'a> {
    pub(super) brokers: &'a Brokers,
    pub(super) pool: &'a Pool,
    pub(super) connections: usize,
    pub(super) open_connections: usize,
    pub(super) time: Duration,
}

/// What the connections of a phase share.
struct Stage {
    begun: Instant,
    counts_from: Instant,
    ends: Instant,
    turn: Cell<usize>,
    tally: RefCell<Tally>,
}

/// Whether a request is one of the load that is measured, or of the storm beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Load,
    Storm,
}

impl Scene<'_> {
    pub(super) async fn play(&self, phase: Phase, peak: Option<f64>) -> Outcome {
        let due_per_second = match phase.load {
            Load::Health | Load::Closed | Load::Refused(_) => None,
            Load::Rate(rate) => Some(rate),
            Load::Times(times) => {
                Some(times * peak.unwrap_or_else(|| panic!("closed comes first")))
            }
        };
        let begun = Instant::now();
        let counts_from = begun + self.time / 5;
        let stage = Rc::new(Stage {
            begun,
            counts_from,
            ends: counts_from + self.time,
            turn: Cell::new(0),
            tally: RefCell::new(Tally::new()),
        });
        let meter = async {
            tokio::time::sleep_until(counts_from.into()).await;
            let before = self.brokers.cpu();
            tokio::time::sleep_until(stage.ends.into()).await;
            let used = self.brokers.cpu().zip(before).map(|(after, before)| after - before);
            (used, self.brokers.resident())
        };
        let load = self.load(phase.load, due_per_second, &stage);
        let ((cpu, resident), (), ()) = tokio::join!(meter, load, self.storm(phase, &stage));
        let tally = stage.tally.replace(Tally::new());
        Outcome { phase, time: self.time, due_per_second, tally, cpu, resident }
    }

    async fn load(&self, load: Load, due_per_second: Option<f64>, stage: &Rc<Stage>) {
        let request = |turn| match load {
            Load::Health => self.pool.health(),
            Load::Refused(asked) => self.pool.login(Some(asked), turn),
            Load::Closed | Load::Times(_) | Load::Rate(_) => self.pool.login(None, turn),
        };
        match due_per_second {
            None => self.closed(stage, Part::Load, request).await,
            Some(rate) => self.open(stage, rate, request).await,
        }
    }

    /// As many connections again, of machines whose logins are refused and that ask again at once.
    async fn storm(&self, phase: Phase, stage: &Rc<Stage>) {
        if let Some(asked) = phase.storm {
            let request = |turn| self.pool.login(Some(asked), turn);
            self.closed(stage, Part::Storm, request).await;
        }
    }

    async fn closed<'p>(
        &self,
        stage: &Stage,
        part: Part,
        request: impl Fn(usize) -> &'p Prepared + Copy,
    ) {
        let loops = (0..self.connections).map(|number| {
            closed_loop(stage, part, Connection::new(self.brokers.address(number)), request)
        });
        join_all(loops).await;
    }

    async fn open<'p>(
        &self,
        stage: &Stage,
        rate: f64,
        request: impl Fn(usize) -> &'p Prepared + Copy,
    ) {
        let count = self.open_connections;
        let step = Duration::from_secs_f64(count as f64 / rate);
        let loops = (0..count).map(|number| {
            let first = stage.begun + step.mul_f64(number as f64 / count as f64);
            let connection = Connection::new(self.brokers.address(number));
            open_loop(stage, connection, first, step, request)
        });
        join_all(loops).await;
    }
}

async fn closed_loop<'p>(
    stage: &Stage,
    part: Part,
    mut connection: Connection,
    request: impl Fn(usize) -> &'p Prepared,
) {
    while Instant::now() < stage.ends {
        let sent = Instant::now();
        let prepared = request(stage.next_turn());
        let answer = connection.ask(&prepared.bytes).await;
        stage.count(part, prepared, answer.unwrap_or(0), sent);
    }
}

/// Asks at `first` and every `step` after it. One that is due while its connection is busy is sent
/// late, and its latency counts from when it was due.
async fn open_loop<'p>(
    stage: &Stage,
    mut connection: Connection,
    first: Instant,
    step: Duration,
    request: impl Fn(usize) -> &'p Prepared,
) {
    let mut due = first;
    while due < stage.ends {
        tokio::time::sleep_until(due.into()).await;
        if Instant::now() >= stage.ends {
            break;
        }
        let prepared = request(stage.next_turn());
        let answer = connection.ask(&prepared.bytes).await;
        stage.count(Part::Load, prepared, answer.unwrap_or(0), due);
        due += step;
    }
}

impl Stage {
    fn next_turn(&self) -> usize {
        self.turn.replace(self.turn.get() + 1)
    }

    fn count(&self, part: Part, prepared: &Prepared, status: u16, since: Instant) {
        let now = Instant::now();
        if now < self.counts_from || now >= self.ends {
            return;
        }
        let tally = &mut *self.tally.borrow_mut();
        *tally.statuses.entry(status).or_default() += 1;
        let took = u64::try_from((now - since).as_micros()).unwrap_or(u64::MAX);
        let histogram = match part {
            _ if status != prepared.status => &mut tally.other,
            Part::Load => &mut tally.good,
            Part::Storm => &mut tally.storm,
        };
        histogram.saturating_record(took);
    }
}
