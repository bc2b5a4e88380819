//! Who removes it? A task in the background. No login waits for it: it works in small batches and
//! rests after each for longer than that took, so that the recorder gets its turns.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::rule::{self, Task, Turn};
use super::{RetentionError, store};
use crate::clock::Clock;
use crate::config;
use crate::database::Database;
use crate::directory::Rules;
use crate::duration::delta;
use crate::event::Bus;
use crate::metrics::Metrics;
use crate::names::new_id;

/// The longest sleep: the clock may be set, or the machine suspended, meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Rows of a backlog that are counted; more are told as so many.
const MOST_COUNTED: u64 = 100_000;

/// How gently it goes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Rows in one batch. SQLite's one writer is kept from logins for as long as these take.
    pub rows: u64,
    /// How many times as long as a batch took it rests after it.
    pub rest: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rows: 100, rest: 4 }
    }
}

/// What it works with.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Where everything is kept.
    pub database: Database,
    /// How long.
    pub retention: config::Retention,
    /// How far the clocks of the clouds and ours may be apart.
    pub leeway: Duration,
    /// By which rules machines are enrolled.
    pub rules: Rules,
    /// What time it is.
    pub clock: Clock,
    /// Who wants to know.
    pub bus: Bus,
    /// What is counted.
    pub metrics: Metrics,
    /// Between 0 and 1, for the brokers of one database not to ask at the same time.
    pub random: fn() -> f64,
}

/// Removes what is over, for as long as it runs.
#[derive(Debug)]
pub struct Keeper {
    parts: Parts,
    pace: Pace,
    me: Uuid,
    next: DateTime<Utc>,
    stop: watch::Receiver<bool>,
    failing: bool,
}

impl Keeper {
    /// A keeper that stops when `stop` says so, or is gone. It does nothing before it is told to.
    pub fn new(parts: Parts, pace: Pace, stop: watch::Receiver<bool>) -> Self {
        let now = parts.clock.now();
        let mut keeper = Self { parts, pace, me: new_id(now), next: now, stop, failing: false };
        keeper.next = now + keeper.jitter();
        keeper
    }

    /// Runs until it is stopped; then ends the batch under way, and tells what it removed.
    pub async fn run(mut self) {
        let mut stop = self.stop.clone();
        while !self.is_stopped() {
            tokio::select! {
                () = tokio::time::sleep(self.nap()) => {}
                _ = stop.changed() => return,
            }
            if self.nap().is_zero() {
                let looked = self.look().await;
                self.tell(looked);
            }
        }
    }

    /// Looks whether it is this broker's turn, and removes what may go if it is; tells whether
    /// it was.
    ///
    /// # Errors
    /// [`RetentionError`] when the database does not answer. What went is gone and on record.
    pub async fn look(&mut self) -> Result<bool, RetentionError> {
        let Parts { database, retention, clock, metrics, .. } = &self.parts;
        let now = clock.now();
        let (turn, last) = store::begin(database, self.me, now, retention.interval).await?;
        metrics.retention_ran(last);
        let as_of = match turn {
            Turn::Ours(as_of) => as_of,
            Turn::Later(at) => {
                self.next = at + self.jitter();
                return Ok(false);
            }
        };
        if as_of < now {
            tracing::warn!(%now, %as_of, "the clock is far ahead of the last run; going by as_of");
        }
        let Parts { retention, leeway, rules, .. } = &self.parts;
        for task in rule::tasks(retention, *leeway, &rules.current(), as_of) {
            self.remove(task).await?;
        }
        self.end().await?;
        Ok(true)
    }

    async fn remove(&self, task: Task) -> Result<(), RetentionError> {
        let Parts { database, clock, metrics, .. } = &self.parts;
        let mut backlog = store::backlog(database, task, MOST_COUNTED).await?;
        metrics.retention_backlog(task.kind.as_str(), backlog);
        while backlog > 0 && !self.is_stopped() {
            let begun = Instant::now();
            let rows = self.pace.rows;
            let removed = store::remove(database, self.me, task, rows, clock.now()).await?;
            let Some(removed @ 1..) = removed else { break };
            metrics.retention_removed(task.kind.as_str(), removed);
            // At the end of what was counted it is counted anew.
            backlog = match backlog.saturating_sub(removed) {
                0 => store::backlog(database, task, MOST_COUNTED).await?,
                left => left,
            };
            metrics.retention_backlog(task.kind.as_str(), backlog);
            self.rest(begun.elapsed()).await;
        }
        Ok(())
    }

    async fn end(&mut self) -> Result<(), RetentionError> {
        let Parts { database, clock, bus, metrics, retention, .. } = &self.parts;
        let now = clock.now();
        if let Some(event) = store::end(database, self.me, now).await? {
            bus.publish(event);
        }
        metrics.retention_ran(now);
        self.next = now + delta(retention.interval) + self.jitter();
        Ok(())
    }

    async fn rest(&self, took: Duration) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(took * self.pace.rest) => {}
            _ = stop.changed() => {}
        }
    }

    fn nap(&self) -> Duration {
        let wait = self.next.signed_duration_since(self.parts.clock.now());
        wait.to_std().unwrap_or_default().min(LONGEST_SLEEP)
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow() || self.stop.has_changed().is_err()
    }

    /// Up to a tenth of the interval.
    fn jitter(&self) -> TimeDelta {
        delta(self.parts.retention.interval.mul_f64((self.parts.random)() / 10.0))
    }

    fn tell(&mut self, looked: Result<bool, RetentionError>) {
        let Err(error) = looked else {
            self.failing = false;
            return;
        };
        self.next = self.parts.clock.now() + rule::LEASE;
        if std::mem::replace(&mut self.failing, true) {
            return tracing::debug!(%error, "what is over is still not removed");
        }
        tracing::warn!(%error, "what is over was not removed; trying again");
    }
}
