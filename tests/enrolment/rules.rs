//! Which machine does a rule describe? A table, over machines that are really proven.

use callsign::config::Config;
use callsign::directory::enrolment::{enrol, find_rule};
use callsign::identity::VerifiedInstance;
use callsign::registration::EnrolmentRule;
use chrono::TimeDelta;

use super::rule;
use crate::identity::fixture::{SIGNER, document_of, now, pkcs7, verified};

/// A machine in `eu-test-1` of the test account, of `t3.small` and `ami-0123456789abcdef0`,
/// launched so long ago.
fn machine(age: TimeDelta) -> VerifiedInstance {
    let document = document_of(crate::identity::fixture::REGION, now() - age);
    verified(&pkcs7(&SIGNER, &document)).unwrap()
}

fn rules(toml: &str) -> Vec<EnrolmentRule> {
    Config::parse([("a.toml".as_ref(), toml)], []).unwrap().enrolment
}

fn found(toml: &str, instance: &VerifiedInstance) -> Option<String> {
    find_rule(&rules(toml), instance, now()).map(|rule| rule.name.clone())
}

#[test]
fn every_condition_must_hold() {
    let machine = machine(TimeDelta::minutes(30));
    for (rest, described) in [
        ("", true),
        ("regions = [\"eu-test-1\"]", true),
        ("regions = [\"eu-test-2\", \"eu-test-1\"]", true),
        ("regions = [\"eu-test-2\"]", false),
        ("image_ids = [\"ami-0123456789abcdef0\"]", true),
        ("image_ids = [\"ami-0\"]", false),
        ("instance_types = [\"t3.small\"]", true),
        ("instance_types = [\"T3.SMALL\"]", false),
        ("max_age = \"30m\"", true),
        ("max_age = \"29m59s\"", false),
        ("regions = [\"eu-test-1\"]\ninstance_types = [\"m5.large\"]", false),
        ("regions = [\"eu-test-1\"]\nmax_age = \"1m\"", false),
    ] {
        let found = found(&rule("r", &["main"], rest), &machine);
        assert_eq!(found.is_some(), described, "{rest}");
    }
}

#[test]
fn a_fact_that_the_document_does_not_tell_is_not_proven() {
    let document = document_of(crate::identity::fixture::REGION, now());
    let silent = document.replace("\"ami-0123456789abcdef0\"", "null");
    let machine = verified(&pkcs7(&SIGNER, &silent)).unwrap();
    let asks = rule("r", &["main"], "image_ids = [\"ami-0123456789abcdef0\"]");
    assert_eq!(found(&asks, &machine), None);
    assert_eq!(found(&rule("r", &["main"], ""), &machine), Some("r".to_owned()));
}

#[test]
fn a_rule_of_another_cloud_or_account_describes_nobody_here() {
    let machine = machine(TimeDelta::zero());
    let google = rule("r", &["main"], "").replace("\"aws\"", "\"google\"");
    assert_eq!(found(&google, &machine), None);
    let other = rule("r", &["main"], "").replace("123456789012", "999999999999");
    assert_eq!(found(&other, &machine), None);
}

#[test]
fn the_first_rule_that_matches_decides() {
    let machine = machine(TimeDelta::zero());
    let no = rule("no", &["main"], "regions = [\"elsewhere-1\"]");
    let (first, second) = (rule("first", &["a"], ""), rule("second", &["b"], ""));
    assert_eq!(
        found(&[no.clone(), first.clone(), second.clone()].concat(), &machine).unwrap(),
        "first"
    );
    assert_eq!(found(&[no, second, first].concat(), &machine).unwrap(), "second");
}

#[test]
fn what_is_enrolled_is_what_was_proven_with_the_rules_agents() {
    let machine = machine(TimeDelta::zero());
    let rules = rules(&rule("r", &["main", "dev"], ""));
    let enrolment = enrol(&rules[0], &machine, now());
    assert_eq!(enrolment.account, machine.account());
    assert_eq!(enrolment.instance_id, machine.instance_id().as_str());
    let names: Vec<&str> = enrolment.agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(names, ["main", "dev"]);
    // Nothing of one enrolment is of another.
    let again = enrol(&rules[0], &machine, now());
    assert_ne!(enrolment.resource_id, again.resource_id);
    assert_ne!(enrolment.agents[0].id, again.agents[0].id);
}
