//! How a broker ends: whole, when one of its actors dies, when it is told to, and when it could not
//! start.

use std::fs;
use std::path::Path;

use callsign::broker::system::System;
use callsign::event::{AuthEvent, Record};
use callsign::mailbox::{Ping, Unavailable};
use entity::refused_login;
use futures_util::future::{join, join_all};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};

use crate::support::broker::{TestBroker, configuration};
use crate::support::clock::FixedClock;
use crate::support::patience::AMPLE;
use crate::support::{database, rows};

fn refused(clock: &FixedClock) -> Record {
    Record(AuthEvent::new(clock.now(), None, rows::refused()).into())
}

#[actix::test]
async fn a_recorder_that_panics_outside_of_its_commits_ends_the_broker() {
    let mut broker = TestBroker::start("").await;
    let record = refused(&broker.clock);
    // The recorder reads the time before it takes a refusal on.
    broker.clock.break_down();
    let mailboxes = broker.service.broker().clone();
    let closed = Unavailable::Closed("recorder");
    assert_eq!(mailboxes.record.ask(record).await.unwrap_err(), closed, "nobody waits in vain");
    let death = tokio::time::timeout(AMPLE, broker.service.death()).await;
    assert_eq!(death.as_deref(), Ok("the recorder has died"));
    let pings = mailboxes.pings.iter().map(|part| part.ask(Ping));
    let answers = join_all(pings).await;
    assert_eq!(answers, [Ok(()), Ok(()), Ok(()), Err(closed)]);
}

#[actix::test]
async fn whatever_is_under_way_at_the_end_sqlite_leaves_no_files() {
    for step in 0..20 {
        let (folder, clock) = (tempfile::tempdir().unwrap(), FixedClock::default());
        database::prepare(folder.path()).await;
        let config = configuration(&folder, "");
        let system = Box::pin(System::start(&config, None, clock.clock())).await.unwrap();
        let record = system.broker().record.clone();
        let ends = async {
            // The recorder is on a thread of its own: it gets a little further each time.
            for _ in 0..step {
                tokio::task::yield_now().await;
            }
            system.stop().await;
        };
        let (answer, ()) = join(record.ask(refused(&clock)), ends).await;
        assert_no_files_of_sqlite(folder.path());
        let sql = sea_orm::Database::connect(database::url(folder.path())).await.unwrap();
        let recorded = refused_login::Entity::find().count(&sql).await.unwrap();
        let is_kept = matches!(&answer, Ok(Ok(receipt)) if receipt.is_kept());
        assert_eq!(recorded, u64::from(is_kept), "{answer:?}");
    }
}

fn assert_no_files_of_sqlite(folder: &Path) {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    let is_left = |name: &&String| name.ends_with("-wal") || name.ends_with("-shm");
    assert_eq!(names.iter().find(is_left), None);
}
