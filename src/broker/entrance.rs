//! Who is let in? A burst whole, and of a load that stays no more than is answered soon.
//!
//! Every login that is let in waits for those before it. A burst, as of machines that start
//! together, is worked off within moments, so all of it may wait. Where the crowd stays, more is
//! asked than can be answered, and a longer queue would only make everybody wait longer: then fewer
//! are let in, and the others are told at once to come back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::mailbox::{Gate, Place, Unavailable};

/// The most logins that are under way at a time, in a burst.
pub const MOST: usize = 1024;

/// The most that are under way once a crowd has stayed.
pub const MOST_OF_A_CROWD: usize = 256;

/// Where fewer are under way than this there is no crowd.
const CALM: usize = MOST_OF_A_CROWD / 2;

/// How long a crowd may take to go by itself.
const BURST: Duration = Duration::from_millis(250);

/// The way in, one for all threads. Clones are the same.
#[derive(Clone, Debug)]
pub struct Entrance {
    gate: Gate,
    crowd: Arc<Crowd>,
}

/// When the crowd that is there began to gather, in milliseconds after `first`; 0 where none is.
#[derive(Debug, Default)]
struct Crowd {
    first: OnceLock<Instant>,
    since: AtomicU64,
    told: AtomicU64,
}

impl Default for Entrance {
    fn default() -> Self {
        // Nobody is asked behind this gate: the rooms have deadlines of their own.
        Self { gate: Gate::new("broker", MOST, Duration::MAX), crowd: Arc::default() }
    }
}

impl Entrance {
    /// Takes a place, until it is dropped.
    ///
    /// # Errors
    /// [`Unavailable::Full`].
    pub fn enter(&self) -> Result<Place, Unavailable> {
        self.enter_at(Instant::now())
    }

    /// Whether there is a place at this moment, before more work is done to ask for it.
    ///
    /// # Errors
    /// [`Unavailable::Full`].
    pub fn look(&self) -> Result<(), Unavailable> {
        self.admit_at(Instant::now())
    }

    fn enter_at(&self, now: Instant) -> Result<Place, Unavailable> {
        self.admit_at(now)?;
        self.gate.enter()
    }

    fn admit_at(&self, now: Instant) -> Result<(), Unavailable> {
        let under_way = self.gate.depth();
        if under_way < CALM {
            self.crowd.since.store(0, Ordering::Relaxed);
        }
        if under_way < MOST_OF_A_CROWD || (under_way < MOST && !self.crowd.stays(now)) {
            return Ok(());
        }
        self.crowd.tell(now, under_way);
        Err(Unavailable::Full(self.gate.name()))
    }
}

impl Crowd {
    /// Whether it has been there for longer than a burst is.
    fn stays(&self, now: Instant) -> bool {
        let now = self.milliseconds(now);
        let since = self.since.load(Ordering::Relaxed);
        if since == 0 {
            self.since.store(now, Ordering::Relaxed);
        }
        since != 0 && now.saturating_sub(since) > u64::try_from(BURST.as_millis()).unwrap_or(0)
    }

    /// Overload is told once a second, not once a login.
    fn tell(&self, now: Instant, under_way: usize) {
        let now = self.milliseconds(now);
        let told = self.told.load(Ordering::Relaxed);
        let is_mine = |told| {
            let (yes, no) = (Ordering::Relaxed, Ordering::Relaxed);
            self.told.compare_exchange(told, now, yes, no).is_ok()
        };
        if (told == 0 || now.saturating_sub(told) >= 1_000) && is_mine(told) {
            tracing::warn!(under_way, "more logins come than can be answered: some are refused");
        }
    }

    fn milliseconds(&self, now: Instant) -> u64 {
        let first = *self.first.get_or_init(|| now);
        // Never 0, which stands for never.
        u64::try_from(now.saturating_duration_since(first).as_millis()).unwrap_or(u64::MAX - 1) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Unavailable = Unavailable::Full("broker");

    /// As many as are let in of these.
    fn let_in(entrance: &Entrance, logins: usize, now: Instant) -> Vec<Place> {
        (0..logins).filter_map(|_| entrance.enter_at(now).ok()).collect()
    }

    #[test]
    fn a_burst_is_let_in_whole() {
        let (entrance, now) = (Entrance::default(), Instant::now());
        let burst = let_in(&entrance, MOST + 100, now);
        assert_eq!(burst.len(), MOST);
        assert_eq!(entrance.enter_at(now).unwrap_err(), FULL);
        drop(burst);
        assert!(entrance.enter_at(now).is_ok());
    }

    #[test]
    fn of_a_crowd_that_stays_fewer_are_let_in() {
        let (entrance, now) = (Entrance::default(), Instant::now());
        let later = now + BURST + Duration::from_millis(1);
        let mut crowd = let_in(&entrance, 600, now);
        assert_eq!(entrance.enter_at(later).unwrap_err(), FULL);
        assert_eq!(entrance.admit_at(later), Err(FULL));
        crowd.truncate(MOST_OF_A_CROWD - 1);
        assert_eq!(let_in(&entrance, 10, later).len(), 1, "one place is free");
        // It does not count as gone while it only gives way to the next.
        crowd.truncate(CALM + 1);
        let more = let_in(&entrance, 600, later);
        assert_eq!(crowd.len() + more.len(), MOST_OF_A_CROWD);
    }

    #[test]
    fn after_the_crowd_has_gone_a_burst_is_let_in_again() {
        let (entrance, now) = (Entrance::default(), Instant::now());
        let later = now + Duration::from_secs(60);
        let crowd = let_in(&entrance, 600, now);
        assert_eq!(let_in(&entrance, 1, later).len(), 0);
        drop(crowd);
        assert_eq!(let_in(&entrance, 600, later).len(), 600);
    }
}
