//! Does a rule describe this proven machine, and how will it be registered? Pure functions of
//! rules, machine and time; only what nothing is or was registered for comes here.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::converge::parents_first;
use super::selection::{Agent, LiveResource, Refused, RootAgent, admits, select};
use crate::duration::delta;
use crate::event::{AsOf, EnrolledAgent, Enrolment};
use crate::identity::VerifiedInstance;
use crate::names::{MAX_NAME_LENGTH, new_id};
use crate::registration::EnrolmentRule;

/// What is on record of a machine that has no live registration of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Whether a live registration for another account holds the instance id.
    pub is_taken: bool,
    /// The accounts that its retired registrations were for; an empty one: any.
    pub retired_accounts: Vec<String>,
    /// Until when retired registrations of its cloud's machines were removed from the record.
    pub forgotten_until: Option<DateTime<Utc>>,
}

/// The agent of a machine without a registration: one that a rule enrols, or a refusal.
///
/// A machine that was retired does not come back by itself, whatever the rules say: retiring it
/// was somebody's decision, and its old documents may be in anybody's hands. Nor is an instance id
/// enrolled that was ever registered for another account, nor a machine that was there already when
/// the youngest registration ended of those that are forgotten: it may be one of them.
///
/// # Errors
/// [`Refused`].
pub fn find_unregistered(
    earlier: Earlier,
    rules: &[EnrolmentRule],
    instance: &VerifiedInstance,
    name: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Agent, Refused> {
    if earlier.retired_accounts.iter().any(|registered| admits(registered, instance.account())) {
        return Err(Refused::InstanceRetired);
    }
    if earlier.is_taken || !earlier.retired_accounts.is_empty() {
        return Err(Refused::InstanceUnknown);
    }
    if earlier.forgotten_until.is_some_and(|until| !is_launched_after(instance, until)) {
        return Err(Refused::InstanceUnknown);
    }
    let rule = find_rule(rules, instance, now).ok_or(Refused::InstanceUnknown)?;
    let enrolment = enrol(rule, instance, now);
    let agent = select(Some(as_live(&enrolment)), instance.clone(), name)?;
    Ok(agent.with_enrolment(enrolment))
}

/// The first rule that describes the machine.
pub fn find_rule<'r>(
    rules: &'r [EnrolmentRule],
    instance: &VerifiedInstance,
    now: DateTime<Utc>,
) -> Option<&'r EnrolmentRule> {
    rules.iter().find(|rule| describes(rule, instance, now))
}

/// Whether all that the rule asks for was proven. What a document does not tell is not proven.
fn describes(rule: &EnrolmentRule, instance: &VerifiedInstance, now: DateTime<Utc>) -> bool {
    rule.provider == instance.provider()
        && rule.accounts.contains(instance.account())
        && allows(&rule.regions, Some(instance.region()))
        && allows(&rule.image_ids, instance.image_id())
        && allows(&rule.instance_types, instance.instance_type())
        && allows(&rule.skus, instance.sku())
        && allows(&rule.zones, instance.zone())
        && is_young(rule, instance, now)
}

fn allows(list: &BTreeSet<String>, proven: Option<&str>) -> bool {
    list.is_empty() || proven.is_some_and(|proven| list.contains(proven))
}

fn is_young(rule: &EnrolmentRule, instance: &VerifiedInstance, now: DateTime<Utc>) -> bool {
    let Some(max_age) = rule.max_age else { return true };
    let is_young = |launched| now.signed_duration_since(launched) <= delta(max_age);
    instance.launched_at().is_some_and(is_young)
}

fn is_launched_after(instance: &VerifiedInstance, time: DateTime<Utc>) -> bool {
    instance.launched_at().is_some_and(|launched| launched > time)
}

/// How the machine will be registered by this rule.
pub fn enrol(rule: &EnrolmentRule, instance: &VerifiedInstance, now: DateTime<Utc>) -> Enrolment {
    let mut ids: HashMap<&str, Uuid> = HashMap::new();
    let specs = parents_first(&rule.agents);
    let mut agents = Vec::with_capacity(specs.len());
    for spec in &specs {
        let id = new_id(now);
        ids.insert(spec.name.as_str(), id);
        let parent_id = spec.parent.as_ref().and_then(|parent| ids.get(parent.as_str()).copied());
        agents.push(EnrolledAgent { id, parent_id, name: spec.name.as_str().to_owned() });
    }
    Enrolment {
        rule: rule.name.clone(),
        resource_id: new_id(now),
        provider: instance.provider(),
        instance_id: instance.instance_id().as_str().to_owned(),
        account: instance.account().to_owned(),
        name: plain_name(instance.instance_id().as_str()),
        agents,
        at: now,
    }
}

/// The registration as a login sees it: root agents only, like every other.
fn as_live(enrolment: &Enrolment) -> LiveResource {
    let roots = enrolment.agents.iter().filter(|agent| agent.parent_id.is_none());
    LiveResource {
        id: enrolment.resource_id,
        name: enrolment.name.clone(),
        account: enrolment.account.clone(),
        root_agents: roots
            .map(|agent| RootAgent { id: agent.id, name: agent.name.clone() })
            .collect(),
        // It is live once it is recorded, unless another login of the machine was first.
        as_of: AsOf::UNKNOWN,
    }
}

/// The instance id as far as it goes for a name: ids may be longer, and hold more than names do.
fn plain_name(instance_id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = instance_id
        .chars()
        .map(plain)
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(MAX_NAME_LENGTH)
        .collect();
    if name.is_empty() { "machine".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::is_plain;

    #[test]
    fn every_instance_id_gives_a_plain_name() {
        for (id, name) in [
            ("i-0abc", "i-0abc"),
            ("8d10da13-8125-4ba9-a717-bf7490507b3d", "8d10da13-8125-4ba9-a717-bf7490507b3d"),
            ("projects/p:1", "projects-p-1"),
            ("-/x", "x"),
            ("/:_", "machine"),
        ] {
            assert_eq!(plain_name(id), name);
        }
        assert!(is_plain(&plain_name(&"/a:".repeat(40))));
    }
}
