//! Which keys count at this moment? The newest good set, kept when the next one does not come.
//!
//! There is no task of its own: who checks a token sees to it that the set is fetched when it is
//! due, one at a time, and waits for it only where there is nothing to check with. A token with an
//! unknown key id can hasten the next fetch, once a minute at most, whoever sends how many.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::key_set::{KeySet, KeySetError, MAX_LENGTH};
use crate::clock::Clock;
use crate::fetching::{FetchError, Fetched, Schedule, client, fetch};

/// The key set of a broker; clones share it.
#[derive(Clone)]
pub(super) struct KeyCache {
    clock: Clock,
    current: Arc<RwLock<Option<Arc<KeySet>>>>,
    fetcher: Arc<Mutex<Fetcher>>,
}

/// Who goes and fetches. There is one, so nobody goes twice at the same time.
struct Fetcher {
    client: reqwest::Client,
    url: String,
    schedule: Schedule,
    last_error: Option<String>,
}

/// Why a fetch brought no keys.
#[derive(Debug, thiserror::Error)]
enum NoKeys {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("it is no key set that can be used: {0}")]
    KeySet(#[from] KeySetError),
}

impl KeyCache {
    /// An empty cache of what is published at this URL. Nothing is fetched yet.
    pub(super) fn new(url: String, clock: Clock) -> Result<Self, FetchError> {
        let (client, schedule) = (client(&url)?, Schedule::new(clock.now()));
        let fetcher = Fetcher { client, url, schedule, last_error: None };
        Ok(Self { clock, current: Arc::default(), fetcher: Arc::new(Mutex::new(fetcher)) })
    }

    /// The keys of the moment. Where there are some, nobody waits for newer ones.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) async fn keys(&self) -> Result<Arc<KeySet>, String> {
        if let Some(keys) = self.current() {
            self.refresh_aside();
            return Ok(keys);
        }
        self.look_again().await;
        match self.current() {
            Some(keys) => Ok(keys),
            None => Err(self.fetcher.lock().await.last_error.clone().unwrap_or_default()),
        }
    }

    /// Fetches the set anew, if that is decent by now.
    pub(super) async fn look_again(&self) {
        let mut fetcher = Arc::clone(&self.fetcher).lock_owned().await;
        fetcher.schedule.hasten(self.clock.now());
        self.clone().fetch_if_due(fetcher).await;
    }

    fn refresh_aside(&self) {
        // Somebody who has it is there already.
        let Ok(fetcher) = Arc::clone(&self.fetcher).try_lock_owned() else { return };
        if fetcher.schedule.wait(self.clock.now()).is_zero() {
            drop(tokio::spawn(self.clone().fetch_if_due(fetcher)));
        }
    }

    async fn fetch_if_due(self, mut fetcher: OwnedMutexGuard<Fetcher>) {
        if !fetcher.schedule.wait(self.clock.now()).is_zero() {
            return;
        }
        let brought = fetcher.fetch().await;
        let now = self.clock.now();
        match brought {
            Ok((keys, lifetime)) => {
                fetcher.schedule.succeeded(now, lifetime, fastrand::u8(..));
                fetcher.last_error = None;
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(keys);
            }
            // The last good set stays: a broker that is away ends nobody's session.
            Err(error) => {
                fetcher.schedule.failed(now, fastrand::u8(..));
                fetcher.last_error = Some(error.to_string());
            }
        }
    }

    fn current(&self) -> Option<Arc<KeySet>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Fetcher {
    async fn fetch(&self) -> Result<(Arc<KeySet>, std::time::Duration), NoKeys> {
        let Fetched { body, lifetime } = fetch(&self.client, &self.url, MAX_LENGTH).await?;
        Ok((Arc::new(KeySet::parse(&body)?), lifetime))
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCache({:?})", self.current())
    }
}
