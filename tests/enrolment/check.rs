//! `callsign config check` shows which rule stands in the way of which.

use std::fs;

use super::rule;
use crate::support::process::callsign;

#[test]
fn rules_that_never_decide_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let rules = [
        rule("eu", &["main"], "regions = [\"eu-west-1\"]"),
        rule("all", &["main"], ""),
        rule("small", &["main"], "instance_types = [\"t3.small\"]"),
    ];
    fs::write(folder.path().join("a.toml"), rules.concat()).unwrap();
    let output = callsign(folder.path(), &["config", "check", "-c", "a.toml"]);
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "The configuration is good. Resources: 0, their agents: 0; rules of enrolment: 3; operators: 0.",
            "Where both match, the rule eu decides before all.",
            "Where both match, the rule eu decides before small.",
            "The rule small never decides: all comes first and matches all that it does.",
        ]
    );
}
