//! `callsign apply` makes the registrations equal to files, and says what it does.

use serde_json::json;

use super::operator::Operator;
use crate::support::broker::{TestBroker, resource};
use crate::support::machine::AwsMachine;

fn labelled(instance_id: &str, team: &str) -> String {
    resource(instance_id, &["main"]) + &format!("labels = {{ team = {team:?} }}\n")
}

#[actix::test]
async fn what_is_declared_is_created_then_unchanged_then_changed() {
    let broker = TestBroker::start("").await;
    let operator = Operator::of(&broker);
    operator.write("a.toml", &resource("i-1", &["main", "dev"]));
    operator.write("b.toml", &resource("i-2", &["main"]));
    let apply = ["apply", "-f", "a.toml", "-f", "b.toml"];
    assert_eq!(
        operator.run(&apply).await.lines(),
        [
            "created    aws/i-1  machine  agents main, dev",
            "created    aws/i-2  machine  agents main"
        ]
    );
    broker.token(&AwsMachine::new("i-1"), Some("dev")).await;

    assert_eq!(
        operator.run(&apply).await.lines(),
        ["unchanged  aws/i-1  machine", "unchanged  aws/i-2  machine"]
    );

    operator.write("b.toml", &resource("i-2", &["main", "ops"]));
    assert_eq!(
        operator.run(&apply).await.lines(),
        ["unchanged  aws/i-1  machine", "changed    aws/i-2  machine  agents main, ops"]
    );
    broker.token(&AwsMachine::new("i-2"), Some("ops")).await;
}

#[actix::test]
async fn json_from_a_pipe_is_as_good_as_toml() {
    let broker = TestBroker::start("").await;
    let operator = Operator::of(&broker);
    let list = json!([{"provider": "aws", "instance_id": "i-1", "name": "build-7",
        "agents": [{"name": "main"}, {"name": "helper", "parent": "main"}]}]);
    for json in [list.clone(), json!({ "resource": list })] {
        let ran = operator.run_with(&["apply", "-f", "-"], &json.to_string()).await;
        assert!(ran.well().contains("aws/i-1  build-7"));
    }
    let agents = operator.run(&["agents", "list", "--output", "json"]).await.well();
    let agents: serde_json::Value = serde_json::from_str(&agents).unwrap();
    let parent = agents.as_array().unwrap().iter().find(|agent| agent["name"] == "helper");
    assert_eq!(parent.unwrap()["parent"], "main");
}

#[actix::test]
async fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let broker = TestBroker::start(&resource("i-file", &["main"])).await;
    let operator = Operator::of(&broker);
    operator.write("before.toml", &(labelled("i-same", "a") + &labelled("i-more", "a")));
    operator.run(&["apply", "-f", "before.toml"]).await.well();
    let before = operator.run(&["resources", "list", "--all", "--output", "json"]).await.well();

    let more = resource("i-more", &["main", "dev"]);
    let again = labelled("i-same", "a") + "generation = \"2\"\n";
    let file = resource("i-file", &["dev"]);
    operator.write("after.toml", &(again + &more + &resource("i-new", &["main"]) + &file));
    let ran = operator.run(&["apply", "-f", "after.toml", "--dry-run"]).await;
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "would replace  aws/i-same  machine  generation \"\" becomes \"2\", agents main",
            "would change   aws/i-more  machine  new agents dev; another labels",
            "would create   aws/i-new  machine  agents main",
            "would fail     aws/i-file  machine  the broker's own configuration declares this \
             machine: change its [[resource]] entry there, and send the broker a SIGHUP",
        ]
    );
    assert!(
        lines[4].starts_with("1 would create, 1 would replace, 1 would change, 1 would fail, in "),
        "{lines:?}"
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    let after = operator.run(&["resources", "list", "--all", "--output", "json"]).await.well();
    assert_eq!(before, after);
}

#[actix::test]
async fn prune_retires_what_bears_the_label_and_has_left_the_files() {
    let file = labelled("i-file", "build");
    let broker = TestBroker::start(&file).await;
    let operator = Operator::of(&broker);
    let kept = labelled("i-kept", "build");
    operator.write(
        "before.toml",
        &(kept.clone() + &labelled("i-left", "build") + &labelled("i-other", "docs")),
    );
    operator.run(&["apply", "-f", "before.toml"]).await.well();
    let token = broker.token(&AwsMachine::new("i-left"), None).await;
    operator.write("after.toml", &kept);
    let prune = ["apply", "-f", "after.toml", "--prune", "--selector", "team=build"];

    // Nobody is there who could be asked.
    let error = operator.run(&prune).await.failed(2);
    assert!(error.contains("without a terminal, say --yes"), "{error}");
    assert_eq!(
        operator.run(&[&prune[..], &["--dry-run"]].concat()).await.lines(),
        ["unchanged      aws/i-kept  machine", "would retire   aws/i-left  machine"]
    );
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 200);
    assert_eq!(
        operator.run(&[&prune[..], &["--yes"]].concat()).await.lines(),
        ["unchanged  aws/i-kept  machine", "retired    aws/i-left  machine"]
    );
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 401);
    for machine in ["i-kept", "i-other", "i-file"] {
        broker.token(&AwsMachine::new(machine), None).await;
    }
}

#[actix::test]
async fn nothing_is_pruned_where_something_failed() {
    let broker = TestBroker::start(&resource("i-file", &["main"])).await;
    let operator = Operator::of(&broker);
    operator.write("before.toml", &labelled("i-left", "build"));
    operator.run(&["apply", "-f", "before.toml"]).await.well();
    operator.write("after.toml", &(resource("i-file", &["dev"]) + &resource("i-new", &["main"])));
    let prune = ["apply", "-f", "after.toml", "--prune", "--selector", "team=build", "--yes"];
    let ran = operator.run(&prune).await;
    assert!(ran.out.contains("created    aws/i-new"), "{ran:?}");
    let error = ran.failed(1);
    assert!(error.contains("1 resources are not as declared"), "{error}");
    assert!(error.contains("The 1 that have left the files stay for now."), "{error}");
    broker.token(&AwsMachine::new("i-left"), None).await;
}

#[actix::test]
async fn everything_wrong_in_the_files_is_told_at_once_and_nothing_is_sent() {
    let broker = TestBroker::start("").await;
    let operator = Operator::of(&broker);
    operator.write("a.toml", &(resource("i-1", &["main"]) + "colour = \"red\"\n"));
    operator.write("b.json", r#"[{"provider": "aws", "instance_id": "i-1", "name": "-"}]"#);
    let error =
        operator.run(&["apply", "-f", "a.toml", "-f", "b.json", "-f", "gone.toml"]).await.failed(1);
    let faults: Vec<&str> = error.lines().collect();
    assert_eq!(faults[0], "callsign: nothing was sent, because the files are not right:");
    for (fault, beginning) in faults[1..].iter().zip([
        "a.toml:6: resource.colour: unknown key",
        "b.json#/0: resource.agents: is missing",
        "b.json#/0/instance_id: resource.instance_id: aws i-1 stands at a.toml:3 already",
        "b.json#/0/name: resource.name: found \"-\"",
        "gone.toml: cannot be read",
    ]) {
        assert!(fault.starts_with(beginning), "{fault}");
    }
    assert_eq!(faults.len(), 6, "{error}");
    assert_eq!(operator.run(&["resources", "list"]).await.well(), "No resources.\n");
}
