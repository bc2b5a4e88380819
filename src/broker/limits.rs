//! Who logs in too often? A token bucket for each machine, keyed by what its cloud signed: nobody
//! can use up a neighbour's.
//!
//! It stands behind the proof. Before it a caller has no name but its address, which is everybody's
//! behind a proxy; what unproven requests cost is bounded by the places of the verifier.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::config;
use crate::identity::VerifiedInstance;
use crate::names::{InstanceId, Provider};

/// Checks between two sweeps of full buckets.
const SWEEP_EVERY: u32 = 4096;

/// How often each machine may log in. Clones share the count.
///
/// A bucket is kept no longer than it takes to fill again, and swept away then: there are never
/// more of them than logins within that time, however many machines come by.
#[derive(Clone)]
pub struct Limits<C: Clock = DefaultClock>(Option<Arc<Buckets<C>>>);

struct Buckets<C: Clock> {
    machines: RateLimiter<Machine, DashMapStateStore<Machine>, C, NoOpMiddleware<C::Instant>>,
    /// A storm is told once a second, not once a login.
    notices: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    checks: AtomicU32,
}

/// A machine, as its limit is told apart.
pub type Machine = (Provider, InstanceId);

/// A machine logs in more often than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine logs in more often than [limits] allows")]
pub struct TooMany {
    /// When the next login will be let through.
    pub wait: Duration,
}

impl Limits {
    /// The configured limits, against the machine's own steady clock: the wall clock may be set
    /// back, and would then lock everybody out.
    pub fn new(limits: &config::Limits) -> Self {
        Self::with_clock(limits, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limits<C> {
    /// The configured limits, against this clock.
    pub fn with_clock(limits: &config::Limits, clock: C) -> Self {
        let number = |number| u32::try_from(number).ok().and_then(NonZeroU32::new);
        let quota = number(limits.instance_rate)
            .zip(number(limits.instance_burst))
            .map(|(rate, burst)| Quota::per_second(rate).allow_burst(burst));
        Self(quota.map(|quota| {
            let notices = Quota::per_second(NonZeroU32::MIN);
            Arc::new(Buckets {
                machines: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()),
                notices: RateLimiter::direct_with_clock(notices, clock),
                checks: AtomicU32::new(0),
            })
        }))
    }

    /// Lets one more login of this machine through.
    ///
    /// # Errors
    /// [`TooMany`], with the time after which it is let through.
    pub fn admit(&self, instance: &VerifiedInstance) -> Result<(), TooMany> {
        self.admit_machine((instance.provider(), instance.instance_id().clone()))
    }

    /// Lets one more token for an agent of this machine through.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    pub fn admit_machine(&self, machine: Machine) -> Result<(), TooMany> {
        let Some(buckets) = &self.0 else { return Ok(()) };
        if buckets.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            buckets.machines.retain_recent();
        }
        let Err(until) = buckets.machines.check_key(&machine) else { return Ok(()) };
        if buckets.notices.check().is_ok() {
            let (provider, instance_id) = (machine.0.as_str(), machine.1.as_str());
            tracing::warn!(provider, instance_id, "a machine logs in too often: [limits]");
        }
        Err(TooMany { wait: until.wait_time_from(buckets.machines.clock().now()) })
    }
}

impl<C: Clock> fmt::Debug for Limits<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Limits(on)" } else { "Limits(off)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn limits(rate: usize, burst: usize) -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let config = config::Limits { instance_rate: rate, instance_burst: burst };
        let clock = FakeRelativeClock::default();
        (Limits::with_clock(&config, clock.clone()), clock)
    }

    fn machine(id: &str) -> Machine {
        (Provider::Aws, InstanceId::parse(Provider::Aws, id).unwrap())
    }

    fn admitted(limits: &Limits<FakeRelativeClock>, id: &str, logins: usize) -> usize {
        (0..logins).filter(|_| limits.admit_machine(machine(id)).is_ok()).count()
    }

    #[test]
    fn a_burst_is_let_through_then_the_long_run_rate() {
        let (limits, clock) = limits(2, 3);
        assert_eq!(admitted(&limits, "i-1", 10), 3);
        clock.advance(Duration::from_secs(1));
        assert_eq!(admitted(&limits, "i-1", 10), 2);
        clock.advance(Duration::from_secs(60));
        assert_eq!(admitted(&limits, "i-1", 10), 3);
    }

    #[test]
    fn a_storm_of_one_machine_is_not_held_against_another() {
        let (limits, _) = limits(1, 2);
        assert_eq!(admitted(&limits, "i-1", 100), 2);
        assert_eq!(admitted(&limits, "i-2", 100), 2);
        let same_id_elsewhere = InstanceId::parse(Provider::Google, "i-1").unwrap();
        assert_eq!(limits.admit_machine((Provider::Google, same_id_elsewhere)), Ok(()));
    }

    #[test]
    fn who_waits_as_told_is_let_through() {
        let (limits, clock) = limits(4, 1);
        assert_eq!(limits.admit_machine(machine("i-1")), Ok(()));
        let TooMany { wait } = limits.admit_machine(machine("i-1")).unwrap_err();
        assert_eq!(wait, Duration::from_millis(250));
        clock.advance(wait);
        assert_eq!(limits.admit_machine(machine("i-1")), Ok(()));
    }

    #[test]
    fn no_rate_is_no_limit() {
        assert_eq!(admitted(&limits(0, 1).0, "i-1", 1_000), 1_000);
    }

    #[test]
    fn machines_that_came_by_are_forgotten() {
        let (limits, clock) = limits(1_000, 10);
        let kept = |limits: &Limits<FakeRelativeClock>| limits.0.as_ref().unwrap().machines.len();
        for round in 0..10 {
            for number in 0..SWEEP_EVERY {
                let _ = limits.admit_machine(machine(&format!("i-{round}-{number}")));
            }
            clock.advance(Duration::from_secs(1));
        }
        assert!(kept(&limits) <= 2 * usize::try_from(SWEEP_EVERY).unwrap(), "{}", kept(&limits));
    }
}
