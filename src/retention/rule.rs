//! What may go, and whose turn is it? Pure functions of what was configured, what is on record and
//! the time.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::config::{self, Retention};
use crate::duration::delta;
use crate::names::Provider;
use crate::registration::EnrolmentRule;

/// The longest life of a token that the configuration allows. Tokens are found by their ids, which
/// tell when they were issued: one that was issued so long before its time has expired by then.
pub const LONGEST_LIFE: TimeDelta = delta(config::LONGEST_LIFETIME);

/// How long a run holds its place beyond its last batch. A broker that was killed is waited for as
/// long.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);

/// How far the clocks of broker and cloud may be apart: the largest `[identity] clock_leeway`.
pub const CLOCKS_APART: TimeDelta = delta(config::MOST_LEEWAY);

/// From one run to the next, time goes on by so many intervals at most.
const LARGEST_STEP: i32 = 24;

/// The clouds whose documents tell when a machine was launched. Of another cloud's machine it could
/// never be known whether it is one of those forgotten.
const TELL_THE_LAUNCH: [Provider; 2] = [Provider::Aws, Provider::Google];

/// What is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Records of tokens that have expired.
    Tokens,
    /// Agents that were retired.
    Agents,
    /// Registrations of this cloud's machines that were retired.
    Resources(Provider),
    /// What happened.
    AuditEvents,
}

impl Kind {
    /// The word for it in events and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Tokens => "expired-tokens",
            Kind::Agents => "retired-agents",
            Kind::Resources(_) => "retired-resources",
            Kind::AuditEvents => "audit-events",
        }
    }
}

/// What is to be removed: all of a kind that ended before this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// What.
    pub kind: Kind,
    /// Ended before.
    pub before: DateTime<Utc>,
}

/// What may go at this time, in the order in which it goes: an agent outstays the records of its
/// tokens, and a registration its agents, whatever the configured times are.
pub fn tasks(
    retention: &Retention,
    leeway: Duration,
    rules: &[EnrolmentRule],
    as_of: DateTime<Utc>,
) -> Vec<Task> {
    let tokens = retention.expired_tokens.map(delta);
    let agents = retention.retired_agents.map(delta).zip(tokens);
    let agents = agents.map(|(own, tokens)| own.max(tokens + LONGEST_LIFE));
    let resources = retention.retired_resources.map(delta).zip(agents);
    let resources = resources.map(|(own, agents)| own.max(agents));
    let forgettable = resources.map_or(Vec::new(), |kept| forgettable(rules, delta(leeway), kept));
    let kept = [(Kind::Tokens, tokens), (Kind::Agents, agents)]
        .into_iter()
        .chain(forgettable.into_iter().map(|cloud| (Kind::Resources(cloud), resources)))
        .chain([(Kind::AuditEvents, retention.audit_events.map(delta))]);
    kept.filter_map(|(kind, kept)| Some(Task { kind, before: as_of.checked_sub_signed(kept?)? }))
        .collect()
}

/// The clouds whose retired registrations may be removed after this time.
///
/// The row of a retired registration is what keeps its machine from being enrolled anew, and AWS's
/// documents never expire: who kept a copy of one could bring a dead machine back to life. So a
/// row goes only where each rule of its cloud asks for a launch more recent than its retirement.
fn forgettable(rules: &[EnrolmentRule], leeway: TimeDelta, kept: TimeDelta) -> Vec<Provider> {
    let lets_nobody_back = |rule: &EnrolmentRule| {
        rule.max_age
            .is_some_and(|age| delta(age).checked_add(&leeway).is_some_and(|age| age <= kept))
    };
    let of = |cloud| rules.iter().filter(move |rule| rule.provider == cloud);
    TELL_THE_LAUNCH.into_iter().filter(|cloud| of(*cloud).all(lets_nobody_back)).collect()
}

/// What is on record of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who runs, if somebody does.
    pub holder: Option<Uuid>,
    /// Until when nobody else may take its place.
    pub held_until: Option<DateTime<Utc>>,
    /// The time that the last run went by.
    pub as_of: DateTime<Utc>,
    /// When the last run ended.
    pub ended_at: DateTime<Utc>,
    /// What the run under way has removed so far.
    pub removed: BTreeMap<String, u64>,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Ours, by this time.
    Ours(DateTime<Utc>),
    /// Nobody's, or another's, until then.
    Later(DateTime<Utc>),
}

/// Whether it is this broker's turn. A clock that stepped back makes nobody wait for what lies in
/// the future now.
pub fn turn(standing: &Standing, me: Uuid, now: DateTime<Utc>, interval: Duration) -> Turn {
    let interval = delta(interval);
    if let Some(holder) = standing.holder {
        let until = standing.held_until.filter(|until| now < *until && *until <= now + LEASE);
        return match until {
            Some(until) if holder != me => Turn::Later(until),
            // It was killed: its run goes on, by the time that it went by.
            _ => Turn::Ours(now.min(standing.as_of)),
        };
    }
    let due = standing.ended_at + interval;
    match standing.ended_at <= now && now < due {
        true => Turn::Later(due),
        false => Turn::Ours(follow(standing.as_of, now, interval)),
    }
}

/// The time to go by. A clock that jumps ahead is followed a step at a time: it takes hours to get
/// to where tokens seem old that are good, and the log warns at every step.
fn follow(last: DateTime<Utc>, now: DateTime<Utc>, interval: TimeDelta) -> DateTime<Utc> {
    now.min(last + interval * LARGEST_STEP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn rule(provider: Provider, max_age: Option<u64>) -> EnrolmentRule {
        EnrolmentRule {
            name: "r".to_owned(),
            provider,
            accounts: BTreeSet::new(),
            regions: BTreeSet::new(),
            image_ids: BTreeSet::new(),
            instance_types: BTreeSet::new(),
            skus: BTreeSet::new(),
            zones: BTreeSet::new(),
            max_age: max_age.map(Duration::from_secs),
            agents: Vec::new(),
        }
    }

    /// How many days each kind is kept for, as `tokens`, `agents`, `aws`, `google`, `events`.
    fn kept(days: [Option<u64>; 4], rules: &[EnrolmentRule]) -> Vec<(&'static str, i64)> {
        let [tokens, agents, resources, events] =
            days.map(|days| days.map(|days| Duration::from_secs(days * DAY)));
        let retention = Retention {
            expired_tokens: tokens,
            retired_agents: agents,
            retired_resources: resources,
            audit_events: events,
            interval: Duration::from_secs(HOUR),
        };
        let name = |kind| match kind {
            Kind::Resources(cloud) => cloud.as_str(),
            kind => kind.as_str(),
        };
        tasks(&retention, Duration::from_secs(60), rules, at(0))
            .into_iter()
            .map(|task| (name(task.kind), (at(0) - task.before).num_days()))
            .collect()
    }

    #[test]
    fn nothing_goes_before_what_refers_to_it() {
        let (tokens, agents) = ("expired-tokens", "retired-agents");
        for (days, expected) in [
            (
                [Some(7), Some(30), Some(90), Some(365)],
                vec![(tokens, 7), (agents, 30), ("aws", 90), ("google", 90), ("audit-events", 365)],
            ),
            ([Some(7), None, Some(90), None], vec![(tokens, 7)]),
            // For ever is for ever, for all that it belongs to.
            ([None, Some(1), Some(1), None], vec![]),
            ([Some(7), Some(1), None, None], vec![(tokens, 7), (agents, 8)]),
            (
                [Some(40), Some(30), Some(20), None],
                vec![(tokens, 40), (agents, 41), ("aws", 41), ("google", 41)],
            ),
            ([None, None, None, Some(1)], vec![("audit-events", 1)]),
        ] {
            assert_eq!(kept(days, &[]), expected, "{days:?}");
        }
    }

    /// SECURITY.md promises it: a stolen document of a machine that was retired enrols nobody.
    #[test]
    fn a_retired_registration_is_kept_where_a_rule_could_let_its_machine_back_in() {
        use Provider::{Aws, Azure, Google};
        for (rules, expected) in [
            (vec![], vec!["aws", "google"]),
            (vec![rule(Aws, None)], vec!["google"]),
            (vec![rule(Google, None)], vec!["aws"]),
            (vec![rule(Azure, None)], vec!["aws", "google"]),
            (vec![rule(Aws, Some(HOUR))], vec!["aws", "google"]),
            // The leeway of the clocks counts: it is a minute here.
            (vec![rule(Aws, Some(90 * DAY - 60))], vec!["aws", "google"]),
            (vec![rule(Aws, Some(90 * DAY - 59))], vec!["google"]),
            (vec![rule(Aws, Some(HOUR)), rule(Aws, None)], vec!["google"]),
            (vec![rule(Aws, Some(u64::MAX))], vec!["google"]),
        ] {
            let clouds: Vec<&str> = kept([Some(7), Some(30), Some(90), None], &rules)
                .into_iter()
                .map(|(name, _)| name)
                .filter(|name| ["aws", "azure", "google"].contains(name))
                .collect();
            assert_eq!(clouds, expected, "{rules:?}");
        }
    }

    const ME: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn standing(holder: Option<Uuid>, held: Option<i64>, as_of: i64, ended: i64) -> Standing {
        Standing {
            holder,
            held_until: held.map(at),
            as_of: at(as_of),
            ended_at: at(ended),
            removed: BTreeMap::new(),
        }
    }

    fn turn_now(standing: &Standing) -> Turn {
        turn(standing, ME, at(0), Duration::from_secs(HOUR))
    }

    #[test]
    fn one_broker_runs_and_the_others_wait() {
        for (standing, expected) in [
            // The last run ended lately, an interval ago, or, by a clock that stepped back, later.
            (standing(None, None, -60, -60), Turn::Later(at(3_540))),
            (standing(None, None, -3_600, -3_600), Turn::Ours(at(0))),
            (standing(None, None, 0, 0), Turn::Later(at(3_600))),
            (standing(None, None, 999_999, 999_999), Turn::Ours(at(0))),
            // Another one runs; it was killed; it was killed under a clock that was ahead.
            (standing(Some(OTHER), Some(1), -10, -9_999), Turn::Later(at(1))),
            (standing(Some(OTHER), Some(0), -10, -9_999), Turn::Ours(at(-10))),
            (standing(Some(OTHER), Some(999_999), -10, -9_999), Turn::Ours(at(-10))),
            (standing(Some(OTHER), Some(999_999), 999_999, -9_999), Turn::Ours(at(0))),
            // We ran, and failed before the end.
            (standing(Some(ME), Some(1), -10, -9_999), Turn::Ours(at(-10))),
        ] {
            assert_eq!(turn_now(&standing), expected, "{standing:?}");
        }
    }

    #[test]
    fn a_clock_that_jumps_ahead_is_followed_a_day_an_hour() {
        let mut standing = standing(None, None, 0, 0);
        let years = i64::try_from(3_650 * DAY).unwrap();
        for run in 1..=3_i64 {
            let now = at(years + run * 3_600);
            let turn = turn(&standing, ME, now, Duration::from_secs(HOUR));
            let Turn::Ours(as_of) = turn else { panic!("{turn:?}") };
            assert_eq!(as_of, at(run * 86_400));
            (standing.as_of, standing.ended_at) = (as_of, now);
        }
        // Set right again, it counts at once.
        assert_eq!(turn_now(&standing), Turn::Ours(at(0)));
    }
}
