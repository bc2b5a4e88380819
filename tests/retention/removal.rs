//! What goes, and what stays.

use callsign::names::new_id;
use chrono::TimeDelta;
use entity::{auth_event, forgotten, resource};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait as _;
use serde_json::json;

use super::Scene;
use crate::support::rows;

#[actix::test]
async fn what_was_over_for_long_enough_goes_and_all_else_stays() {
    let scene = Scene::set("").await;
    let live = scene.resource("i-live", None).await;
    let lately = scene.resource("i-lately", Some(89)).await;
    let long_ago = scene.resource("i-long-ago", Some(91)).await;
    let main = scene.agent(live, None, "main", None).await;
    scene.agent(live, Some(main), "sub", None).await;
    scene.agent(live, None, "lately", Some(29)).await;
    scene.agent(live, None, "long-ago", Some(31)).await;
    scene.agent(lately, None, "gone", Some(89)).await;
    let parent = scene.agent(long_ago, None, "parent", Some(91)).await;
    scene.agent(long_ago, Some(parent), "child", Some(91)).await;
    for days in [0, 7, 8, 9, 100] {
        scene.token(main, days).await;
    }
    scene.token(parent, 92).await;
    assert!(scene.keeper(100).look().await.unwrap());
    let resources = scene.texts("SELECT instance_id FROM resource ORDER BY 1").await;
    assert_eq!(resources, ["i-lately", "i-live"]);
    let agents = scene.texts("SELECT name FROM agent ORDER BY 1").await;
    assert_eq!(agents, ["lately", "main", "sub"]);
    // A token of 8 days ago may have been good for a day; its id alone does not tell.
    assert_eq!(scene.count("issued_token").await, 3);
    let removed = json!({"expired-tokens": 3, "retired-agents": 4, "retired-resources": 1});
    assert_eq!(scene.runs().await[0]["removed"], removed);
}

#[actix::test]
async fn a_batch_of_one_row_leads_to_the_same_end() {
    let scene = Scene::set("").await;
    let long_ago = scene.resource("i-1", Some(91)).await;
    let parent = scene.agent(long_ago, None, "parent", Some(91)).await;
    for child in ["a", "b"] {
        let child = scene.agent(long_ago, Some(parent), child, Some(91)).await;
        scene.token(child, 92).await;
    }
    assert!(scene.keeper(1).look().await.unwrap());
    for table in ["resource", "agent", "issued_token"] {
        assert_eq!(scene.count(table).await, 0, "{table}");
    }
    assert_eq!(scene.runs().await.len(), 1);
}

/// The schema would take what refers to a row along with it; it must never come to that. The record
/// of a token refers to nothing that could take it along.
#[actix::test]
async fn nothing_goes_because_of_what_it_refers_to() {
    let scene = Scene::set("").await;
    // Rows that no callsign writes: ended long ago, with something on them that has not.
    let retired = scene.resource("i-1", Some(900)).await;
    scene.agent(retired, None, "live-on-a-retired-one", None).await;
    let parent = scene.agent(retired, None, "retired-parent", Some(900)).await;
    scene.agent(retired, Some(parent), "live-child", None).await;
    let with_token = scene.agent(retired, None, "retired-with-a-good-token", Some(900)).await;
    scene.token(with_token, 0).await;
    assert!(scene.keeper(100).look().await.unwrap());
    assert_eq!(scene.count("resource").await, 1);
    let left = scene.texts("SELECT name FROM agent ORDER BY 1").await;
    assert_eq!(left, ["live-child", "live-on-a-retired-one", "retired-parent"]);
    assert_eq!(scene.count("issued_token").await, 1);
}

#[actix::test]
async fn a_run_that_removes_nothing_is_not_told() {
    let scene = Scene::set("").await;
    let live = scene.resource("i-1", None).await;
    let main = scene.agent(live, None, "main", None).await;
    scene.token(main, 0).await;
    assert!(scene.keeper(100).look().await.unwrap());
    assert!(scene.runs().await.is_empty());
}

#[actix::test]
async fn the_audit_log_stays_unless_it_is_told_otherwise() {
    for (toml, left) in [("", 3), ("audit_events = \"30d\"", 2)] {
        let scene = Scene::set(toml).await;
        for days in [31, 29, 0] {
            let event = auth_event::ActiveModel {
                seq: NotSet,
                id: Set(new_id(scene.clock.now())),
                at: Set(scene.ago(days)),
                kind: Set("broker-started".to_owned()),
                request_id: Set(None),
                resource_id: Set(None),
                agent_id: Set(None),
                body: Set("{}".to_owned()),
            };
            scene.insert(event).await;
        }
        assert!(scene.keeper(100).look().await.unwrap());
        let kept = "SELECT kind FROM auth_event WHERE kind = 'broker-started'";
        assert_eq!(scene.texts(kept).await.len(), left, "{toml}");
    }
}

#[actix::test]
async fn for_ever_is_for_ever() {
    let never = "expired_tokens = \"\"\nretired_agents = \"\"\nretired_resources = \"\"";
    let scene = Scene::set(never).await;
    let retired = scene.resource("i-1", Some(9_000)).await;
    let agent = scene.agent(retired, None, "main", Some(9_000)).await;
    scene.token(agent, 9_001).await;
    assert!(scene.keeper(100).look().await.unwrap());
    for table in ["resource", "agent", "issued_token"] {
        assert_eq!(scene.count(table).await, 1, "{table}");
    }
}

/// Whoever is removed leaves a trace: a machine that was launched before it is not enrolled anew.
#[actix::test]
async fn the_latest_retirement_of_those_forgotten_is_noted() {
    let scene = Scene::set("").await;
    for (instance_id, days) in [("i-1", 100), ("i-2", 91), ("i-3", 95), ("i-4", 1)] {
        scene.resource(instance_id, Some(days)).await;
    }
    let on_azure = resource::ActiveModel {
        provider: Set("azure".to_owned()),
        ..rows::resource("i-1", Some(scene.ago(900)))
    };
    scene.insert(on_azure).await;
    assert!(scene.keeper(1).look().await.unwrap());
    let noted = forgotten::Entity::find().all(&scene.opened.sql).await.unwrap();
    let noted: Vec<_> =
        noted.iter().map(|row| (row.provider.as_str(), row.retired_until)).collect();
    assert_eq!(noted, [("aws", scene.ago(91) + TimeDelta::minutes(10))]);
    // Azure's documents tell no launch, so that nothing of Azure's may be forgotten.
    let left = scene.texts("SELECT provider || ' ' || instance_id FROM resource ORDER BY 1").await;
    assert_eq!(left, ["aws i-4", "azure i-1"]);
}
