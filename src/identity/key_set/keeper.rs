//! Who keeps a key set new? A task in the background, the only one that goes to its source.
//!
//! A login never waits for it: it takes the set of the moment, and an unknown key is at most a
//! reason to ask for the next one sooner. What goes wrong is told when it begins and when it ends,
//! and not at every try between.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::current::CurrentKeys;
use super::key::KeySet;
use super::source::{Brought, KeySource, Route, SourceError};
use crate::clock::Clock;
use crate::fetching::Schedule;

/// How often a file is looked at. That costs one call to the system.
const LOOK: TimeDelta = TimeDelta::seconds(2);

/// Keeps a key set new, for as long as it runs.
#[derive(Debug)]
pub struct KeyKeeper {
    source: KeySource,
    route: Route,
    keys: CurrentKeys,
    clock: Clock,
    schedule: Schedule,
    failing: bool,
}

impl KeyKeeper {
    /// A keeper of `keys`, from this source. It does nothing before it is told to.
    ///
    /// # Errors
    /// [`SourceError`] when there is no way to the source at all.
    pub fn new(source: KeySource, keys: CurrentKeys, clock: Clock) -> Result<Self, SourceError> {
        let (route, schedule) = (source.route()?, Schedule::new(clock.now()));
        Ok(Self { source, route, keys, clock, schedule, failing: false })
    }

    /// Reads a file at once, so that it counts from the first login; a URL is left to
    /// [`run`](Self::run), since nothing may wait for it.
    pub async fn begin(&mut self) {
        if let KeySource::File(_) = self.source {
            self.refresh().await;
        }
    }

    /// Runs until it is dropped.
    pub async fn run(mut self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.schedule.wait(self.clock.now())) => {
                    self.refresh_if_due().await;
                }
                () = self.keys.wanted() => self.schedule.hasten(self.clock.now()),
            }
        }
    }

    /// Tries once, if it is time to.
    pub async fn refresh_if_due(&mut self) {
        if self.schedule.wait(self.clock.now()).is_zero() {
            self.refresh().await;
        }
    }

    async fn refresh(&mut self) {
        let brought = self.route.go().await;
        let now = self.clock.now();
        if let KeySource::File(_) = self.source {
            self.schedule.pause(now, LOOK);
        }
        match brought {
            Ok(Brought::Fetched(set, lifetime)) => {
                let fresh_until = self.schedule.succeeded(now, lifetime, jitter());
                self.take(set, now, Some(fresh_until));
            }
            Ok(Brought::Read(set)) => self.take(set, now, None),
            Ok(Brought::Unchanged) => {}
            Err(error) => self.fail(&error, now),
        }
    }

    fn take(&mut self, set: Arc<KeySet>, now: DateTime<Utc>, fresh_until: Option<DateTime<Utc>>) {
        let ids = |set: &KeySet| set.ids().map(str::to_owned).collect::<Vec<_>>();
        let before = self.keys.load().map(|set| ids(&set)).unwrap_or_default();
        let after = ids(&set);
        if self.failing || before != after {
            tracing::info!(source = %self.source, keys = ?after, "the key set is here");
        }
        self.failing = false;
        self.keys.replace(set, now, fresh_until);
    }

    fn fail(&mut self, error: &SourceError, now: DateTime<Utc>) {
        if let KeySource::Url(_) = self.source {
            self.schedule.failed(now, jitter());
        }
        if std::mem::replace(&mut self.failing, true) {
            return tracing::debug!(source = %self.source, %error, "still no new key set");
        }
        let meanwhile = match self.keys.load() {
            Some(_) => "the last good one is used",
            None => "logins that need it are answered with 503",
        };
        tracing::warn!(source = %self.source, %error, meanwhile, "no new key set; trying again");
    }
}

/// Without randomness, brokers try together: no reason to fail.
fn jitter() -> u8 {
    let mut byte = [0];
    let _ = aws_lc_rs::rand::fill(&mut byte);
    let [jitter] = byte;
    jitter
}
