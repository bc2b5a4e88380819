//! Who removes what is over, and how does that end? A keeper in the background, told to stop before
//! the database is closed.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Broker;
use crate::config::Config;
use crate::database::Database;
use crate::retention::{Keeper, Pace, Parts};

/// How long the batch under way may take when the broker stops. What it does not finish is undone.
const PATIENCE: Duration = Duration::from_secs(2);

/// A keeper at work.
#[derive(Debug)]
pub(super) struct Keeping {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Starts a keeper of what this broker's configuration says.
pub(super) fn keep(broker: &Broker, database: &Database, config: &Config) -> Keeping {
    let parts = Parts {
        database: database.clone(),
        retention: config.retention,
        leeway: config.identity.clock_leeway,
        rules: broker.rules.clone(),
        clock: broker.clock.clone(),
        bus: broker.bus.clone(),
        metrics: broker.metrics.clone(),
        random: fastrand::f64,
    };
    let (stop, stopped) = watch::channel(false);
    let task = actix::spawn(Keeper::new(parts, Pace::default(), stopped).run());
    Keeping { stop, task }
}

impl Keeping {
    /// Lets it finish the batch under way.
    pub(super) async fn stop(mut self) {
        // An error means that it has ended already.
        let _ = self.stop.send(true);
        if tokio::time::timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
