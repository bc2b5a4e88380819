//! Which key set counts at this moment? The newest good one, to be had without waiting, and what
//! there is to say about its age.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

use super::key::KeySet;

/// How long a set may be late before it is called old: time for a few tries.
const GRACE: TimeDelta = TimeDelta::minutes(15);

/// The key set of the moment; clones see the same one.
#[derive(Clone, Default)]
pub struct CurrentKeys(Arc<Shared>);

#[derive(Default)]
struct Shared {
    slot: RwLock<Slot>,
    wanted: Notify,
}

#[derive(Default)]
struct Slot {
    set: Option<Arc<KeySet>>,
    obtained_at: Option<DateTime<Utc>>,
    fresh_until: Option<DateTime<Utc>>,
}

/// How the key set of the moment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySetHealth {
    /// There has been none yet: nothing can be checked.
    Missing,
    /// It was obtained so long ago, and should have been replaced by now. It is still used.
    Old(TimeDelta),
    /// It was obtained so long ago.
    Good(TimeDelta),
}

impl CurrentKeys {
    /// The set of the moment, if there has been one yet.
    pub fn load(&self) -> Option<Arc<KeySet>> {
        self.slot().set.clone()
    }

    /// Puts a newer set into the place of the last one; `fresh_until` is when the next should be
    /// there, if ever.
    pub fn replace(
        &self,
        set: Arc<KeySet>,
        obtained_at: DateTime<Utc>,
        fresh_until: Option<DateTime<Utc>>,
    ) {
        let slot = Slot { set: Some(set), obtained_at: Some(obtained_at), fresh_until };
        *self.0.slot.write().unwrap_or_else(PoisonError::into_inner) = slot;
    }

    /// How old it is, and whether it should be so.
    pub fn health(&self, now: DateTime<Utc>) -> KeySetHealth {
        let slot = self.slot();
        let Some(obtained_at) = slot.obtained_at else { return KeySetHealth::Missing };
        let age = now.signed_duration_since(obtained_at);
        match slot.fresh_until {
            Some(end) if now.signed_duration_since(end) > GRACE => KeySetHealth::Old(age),
            _ => KeySetHealth::Good(age),
        }
    }

    /// Asks whoever keeps this set for a newer one, and does not wait for it. Asking often is
    /// asking once: the keeper decides when it goes.
    pub fn hasten(&self) {
        self.0.wanted.notify_one();
    }

    /// Waits until somebody has asked for a newer set.
    pub(super) async fn wanted(&self) {
        self.0.wanted.notified().await;
    }

    fn slot(&self) -> RwLockReadGuard<'_, Slot> {
        self.0.slot.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CurrentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = self.slot();
        write!(f, "CurrentKeys({:?}, {:?})", slot.set, slot.obtained_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_grows_old_a_while_after_it_should_have_been_replaced() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let at = |minutes| start + TimeDelta::minutes(minutes);
        let keys = CurrentKeys::default();
        assert_eq!(keys.health(start), KeySetHealth::Missing);
        keys.replace(Arc::new(KeySet::empty()), start, Some(at(60)));
        assert_eq!(keys.health(at(75)), KeySetHealth::Good(TimeDelta::minutes(75)));
        assert_eq!(keys.health(at(76)), KeySetHealth::Old(TimeDelta::minutes(76)));
        assert!(keys.load().is_some());
        keys.replace(Arc::new(KeySet::empty()), start, None);
        assert_eq!(keys.health(at(1_000)), KeySetHealth::Good(TimeDelta::minutes(1_000)));
    }
}
