//! Does `callsign trust check` tell an operator whose signatures count, and for how long?

use std::path::Path;

use callsign::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::fixture::{REGION, SIGNER};
use crate::support::process::callsign;

/// One anchor for each end: different keys of the built-in file, with ends of our own.
fn ending_at(ends: &[DateTime<Utc>]) -> String {
    let builtin = include_str!("../../config/trust/azure.toml");
    let entries = builtin.split("[[anchor]]").skip(1).zip(ends);
    let anchor = |(entry, end): (&str, &DateTime<Utc>)| {
        let kept: Vec<&str> = entry.lines().filter(|line| !line.starts_with("not_after")).collect();
        let kept = kept.join("\n");
        format!("[[anchor]]{kept}\nnot_after = \"{}\"\n", end.format("%Y-%m-%dT%H:%M:%SZ"))
    };
    entries.map(anchor).collect()
}

fn list(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = callsign(folder, &[&["trust", "check", "--output", "json"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_builtin_keys_and_anchors_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let all = list(folder.path(), &[]);
    let of = |provider: &str| all.iter().filter(|entry| entry["provider"] == provider).count();
    assert_eq!((of("aws"), of("aws") + of("azure")), (78, all.len()));
    let root = all.iter().find(|entry| entry["name"] == "DigiCert Global Root G2").unwrap();
    assert_eq!(root["not_after"], "2038-01-15T12:00:00Z");
    assert_eq!(
        root["spki_sha256"],
        "8bb593a93be1d0e8a822bb887c547890c3e706aad2dab76254f97fb36b82fc26"
    );
    let ended = all.iter().find(|entry| entry["name"] == "Baltimore CyberTrust Root").unwrap();
    assert_eq!(ended["standing"], "ended");
}

#[test]
fn anchors_that_have_ended_or_end_soon_are_marked_and_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::system().now();
    let ends = [-1, 30, 365].map(|days| now + TimeDelta::days(days));
    std::fs::write(folder.path().join("azure.toml"), ending_at(&ends)).unwrap();
    let all = list(folder.path(), &["azure.toml"]);
    let standings: Vec<_> = all.iter().map(|entry| entry["standing"].as_str()).collect();
    assert_eq!(standings, [Some("ended"), Some("ending"), Some("good")]);

    let output = callsign(folder.path(), &["trust", "check", "azure.toml"]);
    let told = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("PROVIDER  ANCHOR"), "{told}");
    for ((line, end), standing) in lines[1..].iter().zip(ends).zip(["ended", "ending", "good"]) {
        assert!(line.starts_with("azure "), "{told}");
        assert!(line.contains(&format!("{}  {standing} ", end.format("%Y-%m-%d"))), "{told}");
    }
    assert_eq!(lines.len(), 4, "{told}");
    let warned = String::from_utf8(output.stderr).unwrap();
    assert_eq!(warned.lines().count(), 1, "{warned}");
    assert!(warned.starts_with("warning: the anchor ") && warned.contains("ends at"), "{warned}");
}

#[test]
fn files_of_both_clouds_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let end = Clock::system().now() + TimeDelta::days(365);
    std::fs::write(folder.path().join("a.toml"), SIGNER.trust_toml(REGION).unwrap()).unwrap();
    std::fs::write(folder.path().join("b.toml"), ending_at(&[end])).unwrap();
    let all = list(folder.path(), &["a.toml", "b.toml"]);
    let providers: Vec<_> = all.iter().map(|entry| entry["provider"].as_str()).collect();
    assert_eq!(providers, [Some("aws"), Some("aws"), Some("azure")]);
}

#[test]
fn what_is_wrong_in_a_file_of_anchors_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("azure.toml"), "\n[[anchor]]\ncolour = 1\n").unwrap();
    let output = callsign(folder.path(), &["trust", "check", "azure.toml"]);
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("line 2: [[anchor]] number 1: `colour` is not known"), "{told}");
}
