//! When are answered challenges forgotten? Once a minute those that no broker would take any more, in
//! the background.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::clock::Clock;
use crate::database::Database;
use crate::event::forget_answers;

const EVERY: Duration = Duration::from_secs(60);

/// After each batch, so that the recorder gets its turns at SQLite's one place to write.
const REST: Duration = Duration::from_millis(20);

/// Forgets them for as long as the broker runs. Several brokers may do so at once.
pub(super) fn forget(database: Database, clock: Clock) -> JoinHandle<()> {
    actix::spawn(async move {
        loop {
            sleep(EVERY).await;
            while forget_some(&database, &clock).await {
                sleep(REST).await;
            }
        }
    })
}

/// Whether there may be more of them.
async fn forget_some(database: &Database, clock: &Clock) -> bool {
    match forget_answers(database, clock.now()).await {
        Ok(removed) => removed > 0,
        Err(error) => {
            tracing::warn!(%error, "answered challenges could not be removed");
            false
        }
    }
}
