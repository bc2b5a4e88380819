//! How is it loaded? In a closed loop or an open one, for a while, by many connections.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::str::FromStr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hdrhistogram::Histogram;

use super::broker::Brokers;
use super::client::Connection;
use super::pool::{Pool, Prepared};

/// One kind of load.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    Health,
    Closed,
    /// A multiple of the rate of the last closed loop.
    Times(f64),
    /// So many a second.
    Rate(f64),
}

impl FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| "health, closed, a multiple such as 0.7x or a rate such as 5000".to_owned();
        match text {
            "health" => Ok(Self::Health),
            "closed" => Ok(Self::Closed),
            text => match text.strip_suffix('x') {
                Some(times) => times.parse().map(Self::Times).map_err(wrong),
                None => text.parse().map(Self::Rate).map_err(wrong),
            },
        }
    }
}

/// Who asks whom for what.
pub(super) struct Scene<'a> {
    pub(super) brokers: &'a Brokers,
    pub(super) pool: &'a Pool,
    pub(super) connections: usize,
    pub(super) open_connections: usize,
    pub(super) time: Duration,
}

/// What came of a phase.
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) time: Duration,
    /// Requests that were due, in an open loop.
    pub(super) due_per_second: Option<f64>,
    /// Answers by status, 0 for broken connections.
    pub(super) statuses: BTreeMap<u16, u64>,
    /// Of answers as they should be, in microseconds.
    pub(super) good: Histogram<u64>,
    /// Of all others.
    pub(super) other: Histogram<u64>,
    pub(super) cpu: Option<Duration>,
    pub(super) resident: Option<f64>,
}

impl Outcome {
    pub(super) fn answered(&self) -> u64 {
        self.good.len() + self.other.len()
    }

    /// Processor time of the broker for each answer.
    pub(super) fn cpu_of_one(&self) -> Option<Duration> {
        Some(self.cpu?.div_f64(self.answered() as f64))
    }

    pub(super) fn good_per_second(&self) -> f64 {
        self.good.len() as f64 / self.time.as_secs_f64()
    }
}

/// What the connections of a phase share.
struct Stage {
    begun: Instant,
    counts_from: Instant,
    ends: Instant,
    turn: Cell<usize>,
    tally: RefCell<Tally>,
}

struct Tally {
    statuses: BTreeMap<u16, u64>,
    good: Histogram<u64>,
    other: Histogram<u64>,
}

impl Scene<'_> {
    pub(super) async fn play(&self, phase: &Phase, peak: Option<f64>) -> Outcome {
        let rate = match phase {
            Phase::Health | Phase::Closed => None,
            Phase::Rate(rate) => Some(*rate),
            Phase::Times(times) => {
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
        let ((cpu, resident), ()) = tokio::join!(meter, self.load(phase, rate, &stage));
        let Tally { statuses, good, other } = stage.tally.replace(Tally::new());
        let (name, time) = (phase.to_string(), self.time);
        Outcome { name, time, due_per_second: rate, statuses, good, other, cpu, resident }
    }

    async fn load(&self, phase: &Phase, rate: Option<f64>, stage: &Rc<Stage>) {
        let health = matches!(phase, Phase::Health).then(Prepared::health);
        let request = |turn| health.as_ref().unwrap_or_else(|| self.pool.login(turn));
        match rate {
            None => {
                let loops = (0..self.connections).map(|number| {
                    closed_loop(stage, Connection::new(self.brokers.address(number)), request)
                });
                join_all(loops).await;
            }
            Some(rate) => {
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
    }
}

async fn closed_loop<'p>(
    stage: &Stage,
    mut connection: Connection,
    request: impl Fn(usize) -> &'p Prepared,
) {
    while Instant::now() < stage.ends {
        let sent = Instant::now();
        let prepared = request(stage.next_turn());
        let answer = connection.ask(&prepared.bytes).await;
        stage.count(prepared, answer.unwrap_or(0), sent);
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
        stage.count(prepared, answer.unwrap_or(0), due);
        due += step;
    }
}

impl Stage {
    fn next_turn(&self) -> usize {
        self.turn.replace(self.turn.get() + 1)
    }

    fn count(&self, prepared: &Prepared, status: u16, since: Instant) {
        let now = Instant::now();
        if now < self.counts_from || now >= self.ends {
            return;
        }
        let tally = &mut *self.tally.borrow_mut();
        *tally.statuses.entry(status).or_default() += 1;
        let took = u64::try_from((now - since).as_micros()).unwrap_or(u64::MAX);
        let histogram = if status == prepared.status { &mut tally.good } else { &mut tally.other };
        histogram.saturating_record(took);
    }
}

impl Tally {
    fn new() -> Self {
        // Three digits from a microsecond to a minute.
        let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
        Self { statuses: BTreeMap::new(), good: histogram(), other: histogram() }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Phase::Health => f.write_str("health"),
            Phase::Closed => f.write_str("closed"),
            Phase::Times(times) => write!(f, "{times}x"),
            Phase::Rate(rate) => write!(f, "{rate}/s"),
        }
    }
}
