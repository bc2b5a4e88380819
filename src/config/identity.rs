//! Which proofs count? `[identity]`, with a section for each cloud.

use std::time::Duration;

use super::aws::Aws;
use super::azure::Azure;
use super::google::Google;
use super::reader::Section;
use super::show::Show;
use crate::duration::{Written, between};

/// A larger difference is a broken clock, and would keep expired proofs alive for as long.
pub const MOST_LEEWAY: Duration = Duration::from_secs(10 * 60);

/// `[identity]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// How far the clocks of a cloud and of this machine may be apart; at most 10 minutes.
    pub clock_leeway: Duration,
    /// `[identity.aws]`.
    pub aws: Aws,
    /// `[identity.azure]`.
    pub azure: Azure,
    /// `[identity.google]`.
    pub google: Google,
}

impl Identity {
    pub(super) fn read(section: Section<'_>, public_url: &str) -> Option<Self> {
        let clock_leeway = section.parse("clock_leeway", between(Duration::ZERO, MOST_LEEWAY));
        let aws = Aws::read(section.section("identity.aws"));
        let azure = Azure::read(section.section("identity.azure"));
        let google = Google::read(section.section("identity.google"), public_url);
        Some(Self { clock_leeway: clock_leeway?, aws: aws?, azure: azure?, google: google? })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        let Self { clock_leeway, aws, azure, google } = self;
        show.section("identity");
        show.text("clock_leeway", Written(*clock_leeway));
        aws.show(show);
        azure.show(show);
        google.show(show);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn clocks_may_be_ten_minutes_apart() {
        check("[identity]\nclock_leeway = \"0s\"", &[]);
        check("[identity]\nclock_leeway = \"10m\"", &[]);
        check(
            "[identity]\nclock_leeway = \"10m1s\"",
            &[
                "a.toml:2: identity.clock_leeway: found \"10m1s\"; allowed is a time from 0s to 10m with its units, such as \"90s\", \"5m\" or \"1h30m\"",
            ],
        );
    }
}
