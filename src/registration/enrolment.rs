//! Which machines are registered by themselves, at their first login? Those that a rule describes.
//!
//! A rule as somebody declares it, and how rules stand in each other's way. Whether a proven
//! machine is one that a rule describes is the directory's question.

use std::collections::BTreeSet;
use std::time::Duration;

use super::declaration::AgentSpec;
use crate::names::Provider;

/// One rule of enrolment. An empty set allows all; only the accounts are always named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentRule {
    /// What people call the rule; events name it.
    pub name: String,
    /// The cloud.
    pub provider: Provider,
    /// The accounts, subscriptions or projects of the machines: at least one.
    pub accounts: BTreeSet<String>,
    /// AWS: the regions.
    pub regions: BTreeSet<String>,
    /// AWS: the images that the machines were launched from.
    pub image_ids: BTreeSet<String>,
    /// AWS: the types of the machines.
    pub instance_types: BTreeSet<String>,
    /// Azure: the SKUs of the machines' images.
    pub skus: BTreeSet<String>,
    /// Google: the zones.
    pub zones: BTreeSet<String>,
    /// How long after its launch a machine may be enrolled; none: at any time.
    pub max_age: Option<Duration>,
    /// The agents that each of the machines is to have.
    pub agents: Vec<AgentSpec>,
}

/// How an earlier rule stands before a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shadow {
    /// It matches all that the later one does, so that the later one never decides.
    Whole,
    /// Some machines match both; the earlier one decides about them.
    Part,
}

/// Every pair of rules of which the earlier one takes machines from the later one. The first rule
/// that matches decides, so that the order of rules is part of what they say.
pub fn shadows(rules: &[EnrolmentRule]) -> Vec<(&EnrolmentRule, &EnrolmentRule, Shadow)> {
    let mut found = Vec::new();
    for (index, later) in rules.iter().enumerate() {
        let earlier = rules.iter().take(index);
        let of_this = earlier.filter_map(|earlier| Some((earlier, later, earlier.shadows(later)?)));
        found.extend(of_this);
    }
    found
}

impl EnrolmentRule {
    fn shadows(&self, later: &Self) -> Option<Shadow> {
        let lists = self.lists().into_iter().zip(later.lists());
        if self.provider != later.provider || !lists.clone().all(|(a, b)| overlaps(a, b)) {
            return None;
        }
        let outlives = match (self.max_age, later.max_age) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(age), Some(other)) => age >= other,
        };
        let whole = outlives && lists.clone().all(|(a, b)| covers(a, b));
        Some(if whole { Shadow::Whole } else { Shadow::Part })
    }

    fn lists(&self) -> [&BTreeSet<String>; 6] {
        let Self { accounts, regions, image_ids, instance_types, skus, zones, .. } = self;
        [accounts, regions, image_ids, instance_types, skus, zones]
    }
}

fn covers(earlier: &BTreeSet<String>, later: &BTreeSet<String>) -> bool {
    earlier.is_empty() || (!later.is_empty() && later.is_subset(earlier))
}

fn overlaps(earlier: &BTreeSet<String>, later: &BTreeSet<String>) -> bool {
    earlier.is_empty() || later.is_empty() || !later.is_disjoint(earlier)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn rule(accounts: &[&str], regions: &[&str], days: Option<u64>) -> EnrolmentRule {
        EnrolmentRule {
            name: "r".to_owned(),
            provider: Provider::Aws,
            accounts: set(accounts),
            regions: set(regions),
            image_ids: set(&[]),
            instance_types: set(&[]),
            skus: set(&[]),
            zones: set(&[]),
            max_age: days.map(|days| Duration::from_secs(days * 86_400)),
            agents: Vec::new(),
        }
    }

    #[test]
    fn an_earlier_rule_shadows_what_it_matches_too() {
        let (whole, part) = (Some(Shadow::Whole), Some(Shadow::Part));
        for (earlier, later, expected) in [
            (rule(&["1"], &[], None), rule(&["1"], &["eu"], None), whole),
            (rule(&["1"], &[], None), rule(&["1"], &[], Some(1)), whole),
            (rule(&["1", "2"], &["eu", "us"], None), rule(&["2"], &["eu"], None), whole),
            (rule(&["1"], &[], Some(2)), rule(&["1"], &[], Some(2)), whole),
            (rule(&["1"], &[], Some(1)), rule(&["1"], &[], Some(2)), part),
            (rule(&["1"], &[], Some(1)), rule(&["1"], &[], None), part),
            (rule(&["1"], &["eu"], None), rule(&["1"], &[], None), part),
            (rule(&["1"], &["eu"], None), rule(&["1"], &["eu", "us"], None), part),
            (rule(&["1"], &["eu"], None), rule(&["1", "2"], &[], None), part),
            (rule(&["1"], &[], None), rule(&["2"], &[], None), None),
            (rule(&["1"], &["eu"], None), rule(&["1"], &["us"], None), None),
        ] {
            assert_eq!(earlier.shadows(&later), expected, "{earlier:?} {later:?}");
        }
    }

    #[test]
    fn rules_of_two_clouds_do_not_meet() {
        let google = EnrolmentRule { provider: Provider::Google, ..rule(&["1"], &[], None) };
        assert_eq!(google.shadows(&rule(&["1"], &[], None)), None);
    }

    #[test]
    fn each_pair_is_named_in_order() {
        let rules = ["a", "b", "c"]
            .map(|name| EnrolmentRule { name: name.to_owned(), ..rule(&["1"], &[], None) });
        let pairs: Vec<String> = shadows(&rules)
            .iter()
            .map(|(earlier, later, _)| format!("{}{}", earlier.name, later.name))
            .collect();
        assert_eq!(pairs, ["ab", "ac", "bc"]);
    }
}
