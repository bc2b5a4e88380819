//! How long is kept what is over? `[retention]`.

use std::time::Duration;

use super::reader::Section;
use super::show::Show;
use crate::duration::{Written, between};

/// Nothing goes sooner after its end: who looks into an incident finds the last hour whole.
const SOONEST: Duration = Duration::from_secs(60 * 60);
/// A longer time is a typing error; an empty one is for ever.
const LATEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
const SHORTEST_INTERVAL: Duration = Duration::from_secs(60);
const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// `[retention]`. Where there is no time, nothing of the kind is removed, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long the record of a token is kept after it expired.
    pub expired_tokens: Option<Duration>,
    /// How long an agent is kept after it was retired.
    pub retired_agents: Option<Duration>,
    /// How long a registration is kept after it was retired.
    pub retired_resources: Option<Duration>,
    /// How long the audit log is kept.
    pub audit_events: Option<Duration>,
    /// How often it is looked for what may go: 1 minute to a day.
    pub interval: Duration,
}

impl Retention {
    pub(super) fn read(section: Section<'_>) -> Option<Self> {
        let expired_tokens = kept(section, "expired_tokens");
        let retired_agents = kept(section, "retired_agents");
        let retired_resources = kept(section, "retired_resources");
        let audit_events = kept(section, "audit_events");
        let interval = section.parse("interval", between(SHORTEST_INTERVAL, LONGEST_INTERVAL));
        Some(Self {
            expired_tokens: expired_tokens?,
            retired_agents: retired_agents?,
            retired_resources: retired_resources?,
            audit_events: audit_events?,
            interval: interval?,
        })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        let Self { expired_tokens, retired_agents, retired_resources, audit_events, interval } =
            self;
        show.section("retention");
        show.text("expired_tokens", written(*expired_tokens));
        show.text("retired_agents", written(*retired_agents));
        show.text("retired_resources", written(*retired_resources));
        show.text("audit_events", written(*audit_events));
        show.text("interval", Written(*interval));
    }
}

fn kept(section: Section<'_>, name: &str) -> Option<Option<Duration>> {
    section.parse(name, |text| match text {
        "" => Ok(None),
        text => between(SOONEST, LATEST)(text).map(Some),
    })
}

fn written(kept: Option<Duration>) -> String {
    kept.map_or(String::new(), |kept| Written(kept).to_string())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, config};
    use super::*;

    #[test]
    fn the_audit_log_stays_unless_somebody_says_otherwise() {
        let days = |days: u64| Some(Duration::from_secs(days * 86_400));
        let expected = Retention {
            expired_tokens: days(7),
            retired_agents: days(30),
            retired_resources: days(90),
            audit_events: None,
            interval: Duration::from_secs(3_600),
        };
        assert_eq!(config("").retention, expected);
    }

    #[test]
    fn an_empty_time_is_for_ever_and_an_interval_is_needed() {
        let text = "[retention]\nexpired_tokens = \"\"\naudit_events = \"365d\"";
        let read = config(text).retention;
        assert_eq!(read.expired_tokens, None);
        assert_eq!(read.audit_events, Some(Duration::from_secs(365 * 86_400)));
        check(
            "[retention]\nretired_agents = \"59m\"\ninterval = \"\"",
            &[
                "a.toml:2: retention.retired_agents: found \"59m\"; allowed is a time from 1h to 3650d with its units, such as \"90s\", \"5m\" or \"1h30m\"",
                "a.toml:3: retention.interval: found nothing; allowed is a time from 1m to 1d with its units, such as \"90s\", \"5m\" or \"1h30m\"",
            ],
        );
    }
}
