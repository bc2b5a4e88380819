//! The recorder by messages alone: groups, bad records, refusals beyond the budget, a slow
//! database and one that is away.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor as _;
use callsign::database::Database;
use callsign::event::actor::{Recorder, RecorderSettings};
use callsign::event::{
    AnsweredChallenge, AsOf, AuthEvent, Happening, Heartbeat, LoginGranted, Receipt, Record,
    RecordError,
};
use callsign::mailbox::{Gate, Lifeline, Mailbox, Ping, Unavailable};
use callsign::metrics::Metrics;
use callsign::names::{Provider, new_id};
use entity::{
    agent, answered_challenge, auth_event, issued_token, refused_login, resource, signing_key,
};
use futures_util::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait as _, TransactionTrait as _};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::support::clock::FixedClock;
use crate::support::database::Opened;
use crate::support::rows::{self, now};

/// A recorder over tables with one agent and one signing key.
struct Scene {
    opened: Opened,
    clock: FixedClock,
    metrics: Metrics,
    resource_id: Uuid,
    agent_id: Uuid,
}

impl Scene {
    async fn set() -> Self {
        let opened = Opened::new().await;
        let machine = rows::resource("i-1", None);
        let resource_id = machine.id.clone().unwrap();
        let main = rows::agent(resource_id, "main", None);
        let agent_id = main.id.clone().unwrap();
        let sql = &opened.sql;
        resource::Entity::insert(machine).exec_without_returning(sql).await.unwrap();
        agent::Entity::insert(main).exec_without_returning(sql).await.unwrap();
        let key = rows::signing_key("kid");
        signing_key::Entity::insert(key).exec_without_returning(sql).await.unwrap();
        let clock = FixedClock::at(now());
        Self { opened, clock, metrics: Metrics::new(), resource_id, agent_id }
    }

    fn start(&self, database: Database, settings: RecorderSettings, gate: &Gate) -> Mailboxes {
        let (notices, deaths) = mpsc::unbounded_channel();
        let lifeline = Lifeline::watch(&notices, "recorder");
        let (clock, metrics) = (self.clock.clock(), self.metrics.clone());
        let recorder = Recorder::new(database, clock, metrics, settings, lifeline).start();
        Mailboxes {
            record: Mailbox::new(&recorder, gate),
            heartbeat: Mailbox::new(&recorder, gate),
            ping: Mailbox::new(&recorder, gate),
            deaths,
        }
    }

    /// A recorder of the usual settings.
    fn recorder(&self) -> Mailboxes {
        self.start(self.opened.database.clone(), RecorderSettings::default(), &ample())
    }

    fn granted(&self, key_id: &str) -> Record {
        let granted = LoginGranted {
            token_id: new_id(now()),
            key_id: key_id.to_owned(),
            issued_at: now(),
            expires_at: now() + chrono::TimeDelta::hours(1),
            proof_kind: "aws:rsa2048",
            challenge: None,
            provider: Provider::Aws,
            instance_id: "i-1".to_owned(),
            resource_id: self.resource_id,
            agent_id: self.agent_id,
            agent_name: "main".to_owned(),
            found_as_of: AsOf::UNKNOWN,
        };
        record(Happening::LoginGranted(granted))
    }

    /// A granted login that answers the challenge of this nonce.
    fn answering(&self, nonce: Option<&str>) -> Record {
        let expires_at = now() + chrono::TimeDelta::minutes(16);
        let challenge = |nonce: &str| AnsweredChallenge { nonce: nonce.to_owned(), expires_at };
        but(self.granted("kid"), |granted| granted.challenge = nonce.map(challenge))
    }

    async fn count<E: EntityTrait<Model: Send + Sync>>(&self) -> u64 {
        E::find().count(&self.opened.sql).await.unwrap()
    }
}

struct Mailboxes {
    record: Mailbox<Record>,
    heartbeat: Mailbox<Heartbeat>,
    ping: Mailbox<Ping>,
    deaths: mpsc::UnboundedReceiver<&'static str>,
}

fn ample() -> Gate {
    Gate::new("recorder", 1024, Duration::from_secs(60))
}

fn record(what: Happening) -> Record {
    Record(AuthEvent::new(now(), Some("request".to_owned()), what).into())
}

/// The same granted login, but for this.
fn but(mut record: Record, change: impl FnOnce(&mut LoginGranted)) -> Record {
    let Happening::LoginGranted(granted) = &mut Arc::make_mut(&mut record.0).what else {
        panic!("no granted login: {record:?}")
    };
    change(granted);
    record
}

fn refused() -> Record {
    record(rows::refused())
}

fn is_kept(answer: &Result<Result<Receipt, RecordError>, Unavailable>) -> bool {
    matches!(answer, Ok(Ok(receipt)) if receipt.is_kept())
}

#[actix::test]
async fn a_granted_login_is_on_record_with_its_audit_event_when_it_is_answered() {
    let scene = Scene::set().await;
    let record = scene.granted("kid");
    let Happening::LoginGranted(granted) = record.0.what.clone() else { unreachable!() };
    assert!(is_kept(&scene.recorder().record.ask(record).await));
    let sql = &scene.opened.sql;
    let token = issued_token::Entity::find_by_id(granted.token_id).one(sql).await.unwrap().unwrap();
    assert_eq!(token.agent_id, granted.agent_id);
    assert_eq!((token.key_id.as_str(), token.proof_kind.as_str()), ("kid", "aws:rsa2048"));
    assert_eq!((token.issued_at, token.expires_at), (granted.issued_at, granted.expires_at));
    let events = auth_event::Entity::find().all(sql).await.unwrap();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.kind.as_str(), event.agent_id), ("login-granted", Some(granted.agent_id)));
    assert_eq!(event.request_id.as_deref(), Some("request"));
}

#[actix::test]
async fn what_arrives_during_a_commit_shares_the_next_one() {
    let scene = Scene::set().await;
    let recorder = scene.recorder();
    let asked = (0..50).map(|_| recorder.record.ask(scene.granted("kid")));
    assert!(join_all(asked).await.iter().all(is_kept));
    assert_eq!(scene.count::<issued_token::Entity>().await, 50);
    let page = scene.metrics.encode();
    // The first goes alone, since it waits for nobody; the others go together.
    assert!(page.contains("callsign_commit_size_count 2"), "{page}");
    assert!(page.contains("callsign_commit_size_sum 50"), "{page}");
}

#[actix::test]
async fn after_a_crowd_a_commit_waits_a_moment_for_half_as_many() {
    let scene = Scene::set().await;
    let recorder = scene.recorder();
    let mut commits: Vec<u32> = Vec::new();
    // Eight go as one and seven. Four of them that come back share a commit, and so do two. Where
    // one alone comes back, it is waited with, and not for ever.
    for crowd in [8, 4, 2, 8, 1] {
        let asked = (0..crowd).map(|_| recorder.record.ask(scene.granted("kid")));
        assert!(join_all(asked).await.iter().all(is_kept));
        let page = scene.metrics.encode();
        let count = page.lines().find_map(|line| line.strip_prefix("callsign_commit_size_count "));
        commits.push(count.unwrap().parse().unwrap());
    }
    assert_eq!(commits, [2, 3, 4, 6, 7]);
    assert_eq!(scene.count::<issued_token::Entity>().await, 23);
}

#[actix::test]
async fn a_group_is_no_larger_than_its_bound_and_grouping_can_be_off() {
    let scene = Scene::set().await;
    let settings = RecorderSettings { commit_size: 1, ..RecorderSettings::default() };
    let recorder = scene.start(scene.opened.database.clone(), settings, &ample());
    let asked = (0..5).map(|_| recorder.record.ask(scene.granted("kid")));
    assert!(join_all(asked).await.iter().all(is_kept));
    assert!(scene.metrics.encode().contains("callsign_commit_size_count 5"));
}

#[actix::test]
async fn a_bad_record_takes_no_other_of_its_group_down() {
    let scene = Scene::set().await;
    let recorder = scene.recorder();
    let keys = ["kid", "kid", "a key that is not there", "kid", "kid"];
    let asked = keys.iter().map(|key| recorder.record.ask(scene.granted(key)));
    let kept: Vec<bool> = join_all(asked).await.iter().map(is_kept).collect();
    assert_eq!(kept, [true, true, false, true, true]);
    assert_eq!(scene.count::<issued_token::Entity>().await, 4);
    assert_eq!(scene.count::<auth_event::Entity>().await, 4);
    // And the recorder goes on.
    assert!(is_kept(&recorder.record.ask(scene.granted("kid")).await));
}

#[actix::test]
async fn a_challenge_that_was_answered_before_takes_no_other_of_its_group_down() {
    let scene = Scene::set().await;
    let recorder = scene.recorder();
    let nonces = [Some("1"), Some("2"), Some("1"), None, None, Some("2"), Some("2"), Some("3")];
    let asked = nonces.iter().map(|nonce| recorder.record.ask(scene.answering(*nonce)));
    let answers = join_all(asked).await;
    let late: Vec<bool> =
        answers.iter().map(|answer| *answer == Ok(Err(RecordError::ChallengeAnswered))).collect();
    assert_eq!(late, [false, false, true, false, false, true, true, false]);
    assert_eq!(answers.iter().filter(|answer| is_kept(answer)).count(), 5);
    assert_eq!(scene.count::<issued_token::Entity>().await, 5);
    assert_eq!(scene.count::<auth_event::Entity>().await, 5);
    assert_eq!(scene.count::<answered_challenge::Entity>().await, 3);
    // In one commit with the others, not each in one of its own.
    let page = scene.metrics.encode();
    assert!(page.contains("callsign_commit_size_count 2"), "{page}");
}

#[actix::test]
async fn a_login_that_gets_no_token_gives_its_challenge_back() {
    let scene = Scene::set().await;
    let recorder = scene.recorder();
    let ended = but(scene.answering(Some("1")), |granted| granted.agent_id = Uuid::from_u128(1));
    assert_eq!(recorder.record.ask(ended).await, Ok(Err(RecordError::AgentEnded)));
    assert_eq!(scene.count::<answered_challenge::Entity>().await, 0);
    // So does one whose group fails, and one that fails alone.
    let no_key = "a key that is not there";
    let lost = but(scene.answering(Some("1")), |granted| granted.key_id = no_key.to_owned());
    assert!(matches!(recorder.record.ask(lost).await, Ok(Err(RecordError::Database(_)))));
    assert_eq!(scene.count::<answered_challenge::Entity>().await, 0);
    assert!(is_kept(&recorder.record.ask(scene.answering(Some("1"))).await));
}

#[actix::test]
async fn a_token_for_an_agent_that_has_ended_is_not_recorded() {
    let scene = Scene::set().await;
    let record = but(scene.granted("kid"), |granted| granted.agent_id = Uuid::from_u128(1));
    let answer = scene.recorder().record.ask(record).await;
    assert_eq!(answer, Ok(Err(RecordError::AgentEnded)));
    assert_eq!(scene.count::<issued_token::Entity>().await, 0);
}

#[actix::test]
async fn refusals_beyond_the_budget_are_counted_and_not_written() {
    let scene = Scene::set().await;
    let settings =
        RecorderSettings { refusal_burst: 3, refusals_per_second: 1, ..Default::default() };
    let recorder = scene.start(scene.opened.database.clone(), settings, &ample());
    let mut kept = 0;
    for _ in 0..10 {
        kept += usize::from(is_kept(&recorder.record.ask(refused()).await));
    }
    assert_eq!((kept, scene.count::<refused_login::Entity>().await), (3, 3));
    let page = scene.metrics.encode();
    assert!(page.contains("callsign_refusals_not_recorded_total 7"), "{page}");
    // Good logins are never counted against it, and time gives some of it back.
    assert!(is_kept(&recorder.record.ask(scene.granted("kid")).await));
    scene.clock.move_by(chrono::TimeDelta::seconds(1));
    assert!(is_kept(&recorder.record.ask(refused()).await));
}

#[actix::test]
async fn old_refusals_make_room_for_new_ones() {
    use sea_orm::ActiveValue::{NotSet, Set};
    let scene = Scene::set().await;
    let old = |seq| refused_login::ActiveModel {
        seq: if seq == 0 { NotSet } else { Set(seq) },
        id: Set(new_id(now())),
        at: Set(now()),
        request_id: Set(None),
        code: Set("identity-rejected".to_owned()),
        body: Set("{}".to_owned()),
    };
    let sql = &scene.opened.sql;
    for seq in [1, 2, 3, 10_001] {
        refused_login::Entity::insert(old(seq)).exec_without_returning(sql).await.unwrap();
    }
    if crate::support::database::is_postgres() {
        // There, the sequence does not know of rows that brought their own number.
        let next = "SELECT setval(pg_get_serial_sequence('refused_login', 'seq'), 10001)";
        sea_orm::ConnectionTrait::execute_unprepared(sql, next).await.unwrap();
    }
    assert!(is_kept(&scene.recorder().record.ask(refused()).await));
    let left = refused_login::Entity::find().all(sql).await.unwrap();
    let mut left: Vec<i64> = left.iter().map(|row| row.seq).collect();
    left.sort_unstable();
    assert_eq!(left, [3, 10_001, 10_002]);
}

#[actix::test]
async fn a_heartbeat_is_on_disk_when_it_is_answered() {
    let scene = Scene::set().await;
    let recorder = scene.recorder();
    let heartbeat = Heartbeat { agent_id: scene.agent_id, at: now() };
    assert!(is_kept(&recorder.heartbeat.ask(heartbeat).await));
    let agent = agent::Entity::find_by_id(scene.agent_id).one(&scene.opened.sql).await;
    assert_eq!(agent.unwrap().unwrap().last_seen_at, Some(now()));
}

#[actix::test]
async fn a_database_that_is_away_is_told_and_the_recorder_lives_on() {
    let scene = Scene::set().await;
    let away = scene.opened.again().await;
    away.clone().close().await.unwrap();
    let mut recorder = scene.start(away, RecorderSettings::default(), &ample());
    for record in [scene.granted("kid"), refused()] {
        let answer = recorder.record.ask(record).await.unwrap();
        assert!(matches!(answer, Err(RecordError::Database(_))), "{answer:?}");
    }
    assert_eq!(recorder.ping.ask(Ping).await, Ok(()));
    assert!(recorder.deaths.try_recv().is_err());
}

#[actix::test]
async fn a_slow_database_makes_the_asker_late_and_the_record_stands_all_the_same() {
    let scene = Scene::set().await;
    let soon = Gate::new("recorder", 2, Duration::from_millis(50));
    let recorder = scene.start(scene.opened.database.clone(), RecorderSettings::default(), &soon);
    // Somebody else holds the write lock (SQLite), or the row (PostgreSQL).
    let lock = scene.opened.sql.begin().await.unwrap();
    let held = "UPDATE agent SET name = 'main' WHERE resource_id IS NOT NULL";
    sea_orm::ConnectionTrait::execute_unprepared(&lock, held).await.unwrap();
    assert_eq!(recorder.record.ask(scene.granted("kid")).await, Err(Unavailable::Late("recorder")));
    let late = Err(Unavailable::Late("recorder"));
    assert_eq!(recorder.record.ask(scene.granted("kid")).await, late);
    // Both wait for their commit still, and hold their places: nobody piles up behind them.
    let full = Err(Unavailable::Full("recorder"));
    assert_eq!(recorder.record.ask(scene.granted("kid")).await, full);
    lock.rollback().await.unwrap();
    let all_is_written = async || {
        while soon.depth() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    all_is_written().await;
    assert_eq!(scene.count::<issued_token::Entity>().await, 2);
    // And it goes on. On a busy machine this one may be late, too.
    let _ = recorder.record.ask(scene.granted("kid")).await;
    all_is_written().await;
    assert_eq!(scene.count::<issued_token::Entity>().await, 3);
}
