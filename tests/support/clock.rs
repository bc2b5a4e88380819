//! What time is it in a test? The time that the test says; nothing sleeps.

use std::sync::{Arc, Mutex};

use callsign::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};

/// A clock that stands until it is moved; clones are the same clock.
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<Mutex<DateTime<Utc>>>);

impl FixedClock {
    /// Stands at this time.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    pub fn move_by(&self, step: TimeDelta) {
        *self.0.lock().unwrap() += step;
    }

    /// Breaks: from now on, whoever reads it panics.
    pub fn break_down(&self) {
        let this = self.clone();
        let broken = std::thread::spawn(move || {
            let _held = this.0.lock().unwrap();
            panic!("the clock breaks, as it was told to");
        });
        assert!(broken.join().is_err());
    }

    /// The same clock, as the broker takes it.
    pub fn clock(&self) -> Clock {
        let this = self.clone();
        Clock::from_fn(move || this.now())
    }
}

impl Default for FixedClock {
    /// Later than every real document.
    fn default() -> Self {
        Self::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
    }
}
