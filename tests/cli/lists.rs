//! `callsign resources` and `callsign agents`: tables for people, JSON for programs.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta};
use reqwest::Method;
use serde_json::Value;

use super::operator::Operator;
use crate::support::broker::{TestBroker, resource, send};
use crate::support::clock::FixedClock;
use crate::support::machine::AwsMachine;

const SUB_AGENT: &str = "[[resource]]\nprovider = \"aws\"\ninstance_id = \"i-2\"\nname = \"build-8\"\n\
    account = \"123456789012\"\nlabels = { team = \"build\" }\n\
    agents = [{ name = \"main\" }, { name = \"helper\", parent = \"main\" }]\n";

/// A broker with a machine of its file, one of the API's, and one that was retired, each a second
/// younger than the one before. An agent of the first is connected. The broker's clock is ahead of
/// this machine's for this century, so that every age is nought.
async fn broker() -> (TestBroker, Operator) {
    let clock = FixedClock::at(DateTime::from_timestamp(4_102_444_800, 0).unwrap());
    let toml = resource("i-1", &["main", "dev"]);
    let broker = TestBroker::start_in(tempfile::tempdir().unwrap(), clock, &toml).await;
    let operator = Operator::of(&broker);
    for machine in [SUB_AGENT, &resource("i-3", &["main"])] {
        broker.clock.move_by(TimeDelta::seconds(1));
        operator.run_with(&["apply", "-f", "-"], machine).await.well();
    }
    operator.run(&["resources", "retire", "aws/i-3"]).await.well();
    let token = broker.token(&AwsMachine::new("i-1"), Some("dev")).await;
    let heartbeat = broker.request(Method::POST, "/v1/agents/me/heartbeat").bearer_auth(token);
    assert_eq!(send(heartbeat).await.status, 204);
    (broker, operator)
}

#[actix::test]
async fn resources_are_listed_with_their_agents() {
    let (_broker, operator) = broker().await;
    assert_eq!(
        operator.run(&["resources", "list"]).await.well(),
        "MACHINE  NAME     AGENTS        CONNECTED  ORIGIN  AGE\n\
         aws/i-1  machine  dev, main     1 of 2     file    0 s\n\
         aws/i-2  build-8  helper, main  0 of 2     api     0 s\n"
    );
    let machines = |list: String| -> Vec<String> {
        list.lines().skip(1).map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    for (arguments, expected) in [
        (&["--retired"][..], &["aws/i-3"][..]),
        (&["--all"], &["aws/i-1", "aws/i-2", "aws/i-3"]),
        (&["--connected"], &["aws/i-1"]),
        (&["--disconnected"], &["aws/i-2"]),
        (&["--selector", "team=build"], &["aws/i-2"]),
        (&["--instance-id", "i-1"], &["aws/i-1"]),
        (&["--provider", "google"], &[]),
    ] {
        let ran = operator.run(&[&["resources", "list"], arguments].concat()).await;
        assert_eq!(machines(ran.well()), expected, "{arguments:?}");
    }
}

#[actix::test]
async fn agents_are_listed_with_their_connection() {
    let (_broker, operator) = broker().await;
    let list = operator.run(&["agents", "list"]).await.well();
    let mut lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.remove(0), "MACHINE  AGENT   PARENT  CONNECTED  SEEN     AGE");
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "aws/i-1  dev     -       yes        0 s ago  0 s",
            "aws/i-1  main    -       no         never    0 s",
            "aws/i-2  helper  main    no         never    0 s",
            "aws/i-2  main    -       no         never    0 s",
        ]
    );
    let connected = operator.run(&["agents", "list", "--connected"]).await.well();
    assert_eq!(connected.lines().count(), 2, "{connected}");
    let none = operator.run(&["agents", "list", "--provider", "azure"]).await.well();
    assert_eq!(none, "No agents.\n");
}

#[actix::test]
async fn a_connection_ends_with_its_time() {
    let (broker, operator) = broker().await;
    broker.clock.move_by(TimeDelta::seconds(90));
    assert_eq!(operator.run(&["agents", "list", "--connected"]).await.well(), "No agents.\n");
}

#[actix::test]
async fn programs_get_the_wire_form_with_its_times() {
    let (_broker, operator) = broker().await;
    let list = operator.run(&["resources", "list", "--all", "--output", "json"]).await.well();
    let list: Value = serde_json::from_str(&list).unwrap();
    let [_, api, retired] = list.as_array().unwrap().as_slice() else {
        panic!("{list}");
    };
    assert_eq!(api["created_at"], "2100-01-01T00:00:01Z");
    assert_eq!(api["labels"]["team"], "build");
    assert_eq!(retired["live"], false);
    assert_eq!(retired["retired_at"], "2100-01-01T00:00:02Z");
    let id = api["id"].as_str().unwrap();
    let shown = operator.run(&["resources", "show", id, "--output", "json"]).await.well();
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), *api);
}

#[actix::test]
async fn one_resource_is_shown_with_all_that_is_known_of_it() {
    let (_broker, operator) = broker().await;
    let shown = operator.run(&["resources", "show", "aws/i-2"]).await.well();
    for line in [
        "machine     aws/i-2",
        "name        build-8",
        "state       live",
        "registered  2100-01-01 00:00:01 UTC (0 s ago)",
        "by          api",
        "account     123456789012",
        "labels      team=build",
        "generation  -",
        "helper  main    no         never  0 s",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    let retired = operator.run(&["resources", "show", "aws/i-3"]).await.well();
    assert!(retired.contains("state       retired 2100-01-01 00:00:02 UTC"), "{retired}");
    assert!(retired.ends_with("\n\nno live agents\n"), "{retired}");
}

#[actix::test]
async fn one_agent_is_shown_by_its_name_and_by_its_id() {
    let (_broker, operator) = broker().await;
    let by_name = operator.run(&["agents", "show", "aws/i-1/dev"]).await.well();
    assert!(by_name.contains("state       live, connected\n"), "{by_name}");
    assert!(by_name.contains("parent      none: a root agent\n"), "{by_name}");
    let id = by_name.lines().find_map(|line| line.strip_prefix("id          ")).unwrap();
    assert_eq!(operator.run(&["agents", "show", id]).await.well(), by_name);
}

#[actix::test]
async fn to_retire_ends_the_tokens_of_the_machine() {
    let (broker, operator) = broker().await;
    let machine = AwsMachine::new("i-2");
    let token = broker.token(&machine, None).await;
    let retired = operator.run(&["resources", "retire", "aws/i-2"]).await.well();
    assert_eq!(retired, "retired  aws/i-2\n");
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 401);
    let error = operator.run(&["resources", "retire", "aws/i-2"]).await.failed(11);
    assert!(error.contains("Nothing live is registered for i-2"), "{error}");
    let well = operator.run(&["resources", "retire", "--if-live", "aws/i-2"]).await.well();
    assert_eq!(well, "nothing live  aws/i-2\n");
}

#[actix::test]
async fn a_list_goes_on_to_its_last_page() {
    let many: String =
        (0..1_001).map(|number| resource(&format!("i-{number}"), &["main"])).collect();
    let broker = TestBroker::start(&many).await;
    let list = Operator::of(&broker).run(&["resources", "list", "--output", "json"]).await.well();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let listed: BTreeSet<&str> =
        list.iter().map(|resource| resource["instance_id"].as_str().unwrap()).collect();
    assert_eq!((list.len(), listed.len()), (1_001, 1_001));
}
