//! The commands that run no broker: what they print, and their exit codes.

use std::fs;
use std::path::Path;
use std::process::Output;

use sha2::Digest as _;
use tempfile::TempDir;

use crate::support::broker::resource;
use crate::support::machine::{AWS, REGION};
use crate::support::process::callsign;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_good_configuration_is_good_and_nothing_is_made() {
    let folder = folder(&[("a.toml", &resource("i-1", &["main", "dev"]))]);
    let output = callsign(folder.path(), &["config", "check", "-c", "a.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("Resources: 1, their agents: 2;"));
    assert_eq!(files(folder.path()), ["a.toml"]);
}

#[test]
fn everything_wrong_is_told_at_once_with_file_line_and_key() {
    let wrong = "[http]\nlisten = \"nowhere\"\nworker = 3\n[identity.aws]\naccounts = [\"1\"]\n";
    let folder = folder(&[("a.toml", wrong), ("b.toml", "[token]\nlifetime = 5\n")]);
    for command in [&["config", "check"][..], &["config", "show"], &["serve"]] {
        let files_given = ["-c", "a.toml", "-c", "b.toml", "-c", "missing.toml"];
        let output = callsign(folder.path(), &[command, &files_given].concat());
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let told = err(&output);
        for place in [
            "a.toml:2: http.listen:",
            "a.toml:3: http.worker: unknown key; did you mean workers?",
            "a.toml:5: identity.aws.accounts:",
            "b.toml:2: token.lifetime:",
            "missing.toml: cannot be read",
        ] {
            assert!(told.contains(place), "{command:?} {place}\n{told}");
        }
        assert!(out(&output).is_empty());
        assert_eq!(files(folder.path()), ["a.toml", "b.toml"]);
    }
}

#[test]
fn what_is_shown_is_a_configuration_again_and_has_no_secret() {
    let secret = "postgres://broker:hunter2@db.example/callsign";
    let file = format!("[database]\nurl = {secret:?}\n[token]\nsealing_key_file = \"k\"\n");
    let folder = folder(&[("a.toml", &(file + &resource("i-1", &["main"])))]);
    let shown = out(&callsign(folder.path(), &["config", "show", "-c", "a.toml"]));
    assert!(shown.contains("# a.toml:2") && shown.contains("# default"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let parsed: toml::Table = shown.parse().unwrap();
    assert_eq!(parsed["token"]["lifetime"].as_str(), Some("1h"));
    assert_eq!(parsed["resource"][0]["instance_id"].as_str(), Some("i-1"));
}

#[test]
fn an_operators_token_is_printed_once_with_the_entry_that_admits_it() {
    let folder = folder(&[]);
    let output = callsign(folder.path(), &["operator-token", "--name", "ci", "--scope", "read"]);
    assert_eq!(output.status.code(), Some(0));
    let text = out(&output);
    let token = text.lines().map(str::trim).find(|line| line.starts_with("csop_")).unwrap();
    let hash: String =
        sha2::Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(text.matches(token).count(), 1);
    let entry = &text[text.find("[[operator]]").unwrap()..];
    let parsed: toml::Table = entry.parse().unwrap();
    assert_eq!(parsed["operator"][0]["token_sha256"].as_str(), Some(hash.as_str()));
    assert_eq!(parsed["operator"][0]["scopes"].as_array().unwrap().len(), 1);
    fs::write(folder.path().join("a.toml"), entry).unwrap();
    let check = callsign(folder.path(), &["config", "check", "-c", "a.toml"]);
    assert_eq!(check.status.code(), Some(0), "{}", err(&check));
    let again = out(&callsign(folder.path(), &["operator-token"]));
    assert!(!again.contains(token));
}

#[test]
fn trust_is_listed_and_what_is_wrong_with_it_is_told() {
    let good = AWS.trust_toml(REGION).unwrap();
    let wrong = "[[key]]\nregion = \"us-east-1\"\nkind = \"rsa2048\"\nspki = \"AAAA\"\n\
                 [[key]]\nregion = \"us-east-1\"\nkind = \"dsa\"\nspki = \"AAAA\"\n";
    let folder = folder(&[("good.toml", &good), ("wrong.toml", wrong)]);
    let check =
        |arguments: &[&str]| callsign(folder.path(), &[&["trust", "check"], arguments].concat());
    let builtin = out(&check(&[]));
    assert!(builtin.contains("eu-west-1") && builtin.contains("rsa1024"), "{builtin}");
    let listed = check(&["good.toml", "--output", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&out(&listed)).unwrap();
    assert_eq!(listed[0]["region"], REGION);
    let refused = check(&["wrong.toml"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("wrong.toml"), "{}", err(&refused));
    assert_eq!(check(&["missing.toml"]).status.code(), Some(1));
}

#[test]
fn every_shell_gets_its_completions() {
    let folder = folder(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = callsign(folder.path(), &["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = out(&output);
        assert!(script.contains("operator-token") && script.contains("callsign"), "{shell}");
    }
    assert_eq!(callsign(folder.path(), &["completions", "csh"]).status.code(), Some(2));
}

#[test]
fn the_demo_shows_every_step_on_each_cloud_and_leaves_nothing_behind() {
    for cloud in ["aws", "azure", "google"] {
        check_demo(cloud);
    }
}

fn check_demo(cloud: &str) {
    let folder = folder(&[]);
    let output = callsign(folder.path(), &["demo", "--once", "--cloud", cloud]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    for seen in ["200  a token for main", "200  a token for dev", "409  agent-ambiguous: dev, main"]
        .into_iter()
        .chain(["404  agent-unknown", "401  identity-rejected"])
    {
        assert!(text.contains(seen), "{seen}\n{text}");
    }
    let database = text.split("database in ").nth(1).unwrap().lines().next().unwrap();
    assert!(!Path::new(database).exists(), "{database} is still there");
    assert_eq!(files(folder.path()), [""; 0]);
}
