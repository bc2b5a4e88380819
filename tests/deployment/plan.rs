//! `callsign config plan` says what start and SIGHUP would change, and changes nothing itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use callsign::broker::plan::{Found, plan};
use callsign::config::Config;
use callsign::directory::preview::ChangeKind;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::broker::{TestBroker, resource};
use crate::support::database;
use crate::support::process::callsign;

/// One that is not there, and is not made.
const NO_DATABASE: &str = "[database]\nurl = \"sqlite://callsign.db?mode=rwc\"\n";

/// The name and content of every file.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let read = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

fn planned(folder: &Path, toml: &str) -> Value {
    fs::write(folder.join("plan.toml"), toml).unwrap();
    let output = callsign(folder, &["config", "plan", "-c", "plan.toml", "--output", "json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A folder with the database of a broker that had this configuration.
async fn deployed(toml: &str) -> TempDir {
    let (folder, _) = TestBroker::start(toml).await.stop().await;
    folder
}

#[test]
fn without_a_database_everything_is_new_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let changes = planned(folder.path(), &(NO_DATABASE.to_owned() + &resource("i-1", &["b", "a"])));
    assert_eq!(
        changes,
        json!([{
            "change": "add", "provider": "aws", "instance_id": "i-1", "name": "machine",
            "agents_added": ["b", "a"],
        }])
    );
    let made: Vec<String> = files(folder.path()).into_keys().collect();
    assert_eq!(made, ["plan.toml"]);
}

#[actix::test]
async fn a_plan_names_every_change_and_changes_nothing() {
    let folder = deployed(
        &["i-same", "i-more", "i-new-build", "i-gone"].map(|id| resource(id, &["main"])).concat(),
    )
    .await;
    let declared = [
        database::section(folder.path()),
        resource("i-same", &["main"]),
        resource("i-more", &["dev"]),
        resource("i-new-build", &["main"]) + "generation = \"2\"\n",
    ]
    .concat();
    fs::write(folder.path().join("plan.toml"), &declared).unwrap();
    let before = files(folder.path());
    let changes = planned(folder.path(), &declared);
    assert!(files(folder.path()) == before, "{:?}", files(folder.path()).keys());
    let machine = |change, id| json!({"change": change, "provider": "aws", "instance_id": id, "name": "machine"});
    let with = |mut entry: Value, details: Value| {
        entry.as_object_mut().unwrap().extend(details.as_object().unwrap().clone());
        entry
    };
    let more =
        json!({"agents_added": ["dev"], "agents_retired": ["main"], "properties_changed": []});
    let build = json!({"agents_added": ["main"], "generation": {"from": "", "to": "2"}});
    assert_eq!(
        changes,
        json!([
            with(machine("change", "i-more"), more),
            with(machine("replace", "i-new-build"), build),
            machine("retire", "i-gone"),
        ])
    );
}

#[actix::test]
async fn what_was_planned_is_what_a_start_does() {
    let folder = deployed(&resource("i-1", &["main"])).await;
    let declared = resource("i-1", &["main", "dev"]) + &resource("i-2", &["main"]);
    let plan = database::section(folder.path()) + &declared;
    assert_eq!(planned(folder.path(), &plan).as_array().unwrap().len(), 2);
    let (folder, _) =
        TestBroker::start_in(folder, Default::default(), &declared).await.stop().await;
    assert_eq!(planned(folder.path(), &plan), json!([]));
}

#[test]
fn a_broken_file_has_no_plan_and_tells_every_fault() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), "[http]\nworkers = \"x\"\nlisten = \"y\"\n").unwrap();
    let output = callsign(folder.path(), &["config", "plan", "-c", "a.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let faults = String::from_utf8(output.stderr).unwrap();
    assert!(faults.contains("a.toml:2") && faults.contains("a.toml:3"), "{faults}");
}

#[test]
fn a_plan_for_a_pipe_has_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), NO_DATABASE.to_owned() + &resource("i-1", &["main"]))
        .unwrap();
    let output = callsign(folder.path(), &["config", "plan", "-c", "a.toml"]);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("+ add") && page.contains("1 to add"), "{page}");
    assert!(!page.contains('\u{1b}'), "{page}");
}

/// 1,234 machines are more than go into one query.
#[actix::test]
async fn many_machines_are_compared_as_one_is() {
    let machines = |count: usize| -> String {
        (0..count).map(|index| resource(&format!("i-{index:05}"), &["main", "dev"])).collect()
    };
    let folder = deployed(&machines(1_234)).await;
    let text = database::section(folder.path()) + &machines(1_230);
    let config = Config::parse([("a.toml".as_ref(), text.as_str())], []).unwrap();
    let planned = plan(&config).await.unwrap();
    assert_eq!((planned.found, planned.preview.unchanged), (Found::Current, 1_230));
    let gone: Vec<&str> =
        planned.preview.changes.iter().map(|change| change.instance_id.as_str()).collect();
    assert_eq!(gone, ["i-01230", "i-01231", "i-01232", "i-01233"]);
    assert!(planned.preview.changes.iter().all(|change| change.kind == ChangeKind::Retire));
}
