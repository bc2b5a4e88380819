//! When are answered challenges forgotten? Once a minute those that no broker would take any more, in
//! the background.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::clock::Clock;
use crate::database::Database;
use crate::event::forget_answers;

const EVERY: Duration = Duration::from_secs(60);

/// Forgets them for as long as the broker runs. Several brokers may do so at once.
pub(super) fn forget(database: Database, clock: Clock) -> JoinHandle<()> {
    actix::spawn(async move {
        let mut minutes = tokio::time::interval(EVERY);
        minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            minutes.tick().await;
            if let Err(error) = forget_answers(&database, clock.now()).await {
                tracing::warn!(%error, "answered challenges could not be removed");
            }
        }
    })
}
