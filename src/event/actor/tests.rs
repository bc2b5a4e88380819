//! A panic inside a commit: everybody who waits for it is told, nothing of it is kept, and the next
//! commit goes on as if it had not been.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;
use crate::mailbox::{Gate, Mailbox, Unavailable};

/// A recorder whose next commits panic, as many as `panics` says, once they have written.
struct Scene {
    database: Database,
    panics: Arc<AtomicUsize>,
    record: Mailbox<Record>,
    ping: Mailbox<Ping>,
    deaths: mpsc::UnboundedReceiver<&'static str>,
    _folder: TempDir,
}

impl Scene {
    async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::in_folder(folder.path()).await;
        let panics = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&panics);
        let breaking = database.clone().telling(move |sql| {
            let is_write = sql.starts_with("INSERT INTO \"auth_event\"");
            if is_write && left.load(Ordering::SeqCst) > 0 {
                left.fetch_sub(1, Ordering::SeqCst);
                panic!("the commit panics, as it was told to");
            }
        });
        let (notices, deaths) = mpsc::unbounded_channel();
        let lifeline = Lifeline::watch(&notices, "recorder");
        let settings = RecorderSettings::default();
        let clock = Clock::from_fn(DateTime::default);
        let recorder = Recorder::new(breaking, clock, Metrics::new(), settings, lifeline).start();
        let gate = Gate::new("recorder", 64, Duration::from_secs(60));
        Self {
            database,
            panics,
            record: Mailbox::new(&recorder, &gate),
            ping: Mailbox::new(&recorder, &gate),
            deaths,
            _folder: folder,
        }
    }

    async fn ask(&self) -> Result<Result<Receipt, RecordError>, Unavailable> {
        let started = Happening::BrokerStarted { version: "0" };
        self.record.ask(Record(AuthEvent::new(DateTime::default(), None, started).into())).await
    }

    async fn recorded(&self) -> i64 {
        self.database.count("auth_event").await
    }
}

const TOLD: Result<Result<Receipt, RecordError>, Unavailable> =
    Err(Unavailable::Panicked("recorder"));

const KEPT: Result<Result<Receipt, RecordError>, Unavailable> = Ok(Ok(Receipt::KEPT));

#[actix::test]
async fn a_commit_that_panics_is_told_undone_and_survived() {
    let mut scene = Scene::set().await;
    scene.panics.store(1, Ordering::SeqCst);
    assert_eq!(scene.ask().await, TOLD);
    assert_eq!(scene.record.gate().depth(), 0, "its place is free again");
    assert_eq!(scene.ask().await, KEPT, "the lock of what was undone is gone, too");
    assert_eq!(scene.recorded().await, 1);
    assert_eq!(scene.ping.ask(Ping).await, Ok(()));
    assert!(scene.deaths.try_recv().is_err());
}

#[actix::test]
async fn all_that_share_a_commit_that_panics_are_told() {
    let scene = Scene::set().await;
    scene.panics.store(2, Ordering::SeqCst);
    // The first goes alone, the others together: two commits, and nobody waits for ever.
    let told = join_all((0..10).map(|_| scene.ask())).await;
    assert_eq!(told, [TOLD; 10]);
    assert_eq!(scene.ask().await, KEPT);
    assert_eq!(scene.recorded().await, 1);
}

#[actix::test]
async fn whoever_waits_behind_a_commit_that_panics_gets_the_next_one() {
    let scene = Scene::set().await;
    scene.panics.store(1, Ordering::SeqCst);
    let answers = join_all((0..10).map(|_| scene.ask())).await;
    let [first, behind @ ..] = answers.as_slice() else { unreachable!() };
    assert_eq!(*first, TOLD);
    assert!(behind.iter().all(|answer| *answer == KEPT), "{behind:?}");
    assert_eq!(scene.recorded().await, 9);
}
