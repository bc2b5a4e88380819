//! Who runs, when, and what of a run that breaks off.

use callsign::event::Happening;
use callsign::event::bus::Heard;
use callsign::retention::Pace;
use chrono::TimeDelta;
use futures_util::future::{Either, join_all, select};
use serde_json::json;

use super::Scene;

/// Ten registrations that wait for their removal.
async fn ten_to_remove() -> Scene {
    let scene = Scene::set("").await;
    for number in 0..10 {
        scene.resource(&format!("i-{number}"), Some(100)).await;
    }
    scene
}

#[actix::test]
async fn the_first_look_of_all_only_notes_the_time() {
    let scene = Scene::new("").await;
    scene.resource("i-1", Some(100)).await;
    assert!(!scene.keeper(10).look().await.unwrap());
    assert_eq!(scene.count("resource").await, 1);
    scene.clock.move_by(TimeDelta::minutes(59));
    assert!(!scene.keeper(10).look().await.unwrap());
    scene.clock.move_by(TimeDelta::minutes(1));
    assert!(scene.keeper(10).look().await.unwrap());
    assert_eq!(scene.count("resource").await, 0);
}

#[actix::test]
async fn of_several_brokers_that_look_at_once_one_runs() {
    let scene = ten_to_remove().await;
    let mut keepers = Vec::new();
    for _ in 0..4 {
        let pace = Pace { rows: 3, rest: 0 };
        keepers.push(scene.keeper_on(scene.opened.again().await, pace));
    }
    let looks = join_all(keepers.iter_mut().map(|keeper| keeper.look())).await;
    let ran = looks.into_iter().filter(|ran| *ran.as_ref().unwrap()).count();
    assert_eq!((ran, scene.count("resource").await), (1, 0));
    let runs = scene.runs().await;
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["removed"], json!({"retired-resources": 10}));
}

/// Whoever watches sees what goes, what waits, and when the last run was.
#[actix::test]
async fn a_run_is_told_and_counted() {
    let scene = ten_to_remove().await;
    let mut heard = scene.bus.subscribe();
    assert!(scene.keeper(3).look().await.unwrap());
    let Some(Heard::Event(event)) = heard.next().await else { panic!("nothing was told") };
    assert!(matches!(event.what, Happening::RetentionRan(_)));
    let page = scene.metrics.encode();
    for line in [
        "callsign_retention_removed_total{kind=\"retired-resources\"} 10".to_owned(),
        "callsign_retention_backlog{kind=\"retired-resources\"} 0".to_owned(),
        format!("callsign_retention_last_run_timestamp_seconds {}", scene.clock.now().timestamp()),
    ] {
        assert!(page.contains(&line), "{line}\nis not in\n{page}");
    }
}

/// Starts a run that rests without end after its first batch, and drops it there, as a kill would.
async fn break_off(scene: &Scene) {
    let pace = Pace { rows: 3, rest: u32::MAX };
    let mut keeper = scene.keeper_on(scene.opened.again().await, pace);
    let first_batch = async { while scene.count("resource").await == 10 {} };
    let (look, first_batch) = (Box::pin(keeper.look()), Box::pin(first_batch));
    assert!(matches!(select(look, first_batch).await, Either::Right(_)));
    assert_eq!(scene.count("resource").await, 7);
}

#[actix::test]
async fn a_run_that_is_killed_is_gone_on_with_and_told_in_full() {
    let scene = ten_to_remove().await;
    break_off(&scene).await;
    assert!(scene.runs().await.is_empty());
    // Its place is kept for a while: it may be alive and slow.
    assert!(!scene.keeper(3).look().await.unwrap());
    scene.clock.move_by(TimeDelta::minutes(5));
    assert!(scene.keeper(3).look().await.unwrap());
    assert_eq!(scene.count("resource").await, 0);
    let runs = scene.runs().await;
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["removed"], json!({"retired-resources": 10}));
}

#[actix::test]
async fn a_run_that_is_told_to_stop_ends_its_batch_and_tells_what_went() {
    let scene = ten_to_remove().await;
    let mut keeper = scene.keeper_on(scene.opened.again().await, Pace { rows: 3, rest: u32::MAX });
    let stop = async {
        while scene.count("resource").await == 10 {}
        scene.stop.send(true).unwrap();
    };
    let (ran, ()) = futures_util::future::join(keeper.look(), stop).await;
    assert!(ran.unwrap());
    assert_eq!(scene.count("resource").await, 7);
    assert_eq!(scene.runs().await[0]["removed"], json!({"retired-resources": 3}));
}

/// Tokens that are good must not be taken for old ones because a clock is wrong for an hour.
#[actix::test]
async fn a_clock_that_jumps_ahead_removes_nothing_at_once() {
    let scene = Scene::set("").await;
    let live = scene.resource("i-1", None).await;
    let agent = scene.agent(live, None, "main", None).await;
    scene.token(agent, 0).await;
    scene.clock.move_by(TimeDelta::days(3_650));
    for _ in 0..8 {
        assert!(scene.keeper(10).look().await.unwrap());
        scene.clock.move_by(TimeDelta::hours(1));
    }
    assert_eq!(scene.count("issued_token").await, 1);
    // It stays ahead: then it was right, and the token is old.
    assert!(scene.keeper(10).look().await.unwrap());
    assert_eq!(scene.count("issued_token").await, 0);
    // What is live stays, however long it has been.
    assert_eq!((scene.count("resource").await, scene.count("agent").await), (1, 1));
}

#[actix::test]
async fn a_clock_that_was_ahead_and_is_set_right_holds_no_run_up() {
    let scene = ten_to_remove().await;
    scene.clock.move_by(TimeDelta::days(-20));
    assert!(scene.keeper(10).look().await.unwrap());
    assert_eq!(scene.count("resource").await, 10, "retired 80 days ago by this clock");
    scene.clock.move_by(TimeDelta::days(20));
    assert!(scene.keeper(10).look().await.unwrap());
    assert_eq!(scene.count("resource").await, 10, "it is followed a day an hour");
}
