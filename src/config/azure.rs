//! Which Azure virtual machines may log in? `[identity.azure]`.

use super::demand::{DEMANDS, Demand};
use super::reader::Section;
use super::show::Show;
use super::trust::{self, TrustSource};
use super::words::{word, word_of};

/// One of Azure's clouds, each with a domain of its own that attested data are signed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AzureCloud {
    /// `metadata.azure.com`.
    Public,
    /// `metadata.azure.us`.
    UsGovernment,
    /// `metadata.azure.cn`.
    China,
}

const CLOUDS: [(&str, AzureCloud); 3] = [
    ("public", AzureCloud::Public),
    ("usgovernment", AzureCloud::UsGovernment),
    ("china", AzureCloud::China),
];

/// `[identity.azure]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Azure {
    /// Whether Azure virtual machines may log in.
    pub enabled: bool,
    /// The subscriptions that may log in, GUIDs in lower case; empty: all.
    pub subscriptions: Vec<String>,
    /// The clouds whose attested data count; at least one where enabled.
    pub clouds: Vec<AzureCloud>,
    /// Whether a document's nonce has to answer a challenge.
    pub nonce: Demand,
    /// Where the anchors come from; at least one where enabled.
    pub trust: Vec<TrustSource>,
}

impl Azure {
    pub(super) fn read(section: Section<'_>) -> Option<Self> {
        let enabled = section.flag("enabled");
        let subscriptions = section.list("subscriptions", |text, _| guid(text));
        let mut clouds = section.list("clouds", word(&CLOUDS));
        if enabled == Some(true) {
            let rule = "allowed are public, usgovernment and china";
            clouds = section.not_empty("clouds", clouds, rule);
        }
        let nonce = section.parse_at("nonce", word(&DEMANDS));
        let trust = trust::read(section, enabled == Some(true));
        Some(Self {
            enabled: enabled?,
            subscriptions: subscriptions?,
            clouds: clouds?,
            nonce: nonce?,
            trust: trust?,
        })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        let Self { enabled, subscriptions, clouds, nonce, trust } = self;
        show.section("identity.azure");
        show.plain("enabled", enabled);
        show.texts("subscriptions", subscriptions);
        show.texts("clouds", clouds.iter().map(|cloud| word_of(&CLOUDS, cloud)));
        show.text("nonce", word_of(&DEMANDS, nonce));
        show.texts("trust", trust);
    }
}

/// Azure writes the same GUID in either case, so lists are held in lower case.
pub(super) fn guid(text: &str) -> Result<String, &'static str> {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    match hex && groups == [8, 4, 4, 4, 12] {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("a subscription is a GUID, such as 8d10da13-8125-4ba9-a717-bf7490507b3d"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, config};
    use super::guid;

    #[test]
    fn subscriptions_are_guids_in_lower_case() {
        let text = "[identity.azure]\nsubscriptions = [\"8D10DA13-8125-4ba9-a717-bf7490507b3d\"]";
        assert_eq!(
            config(text).identity.azure.subscriptions,
            ["8d10da13-8125-4ba9-a717-bf7490507b3d"]
        );
        for bad in [
            "",
            "8d10da13",
            "8d10da1381254ba9a717bf7490507b3d",
            "8d10da13-8125-4ba9-a717-bf7490507b3g",
        ] {
            assert!(guid(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn clouds_are_three() {
        check("[identity.azure]\nclouds = [\"public\", \"usgovernment\", \"china\"]", &[]);
        check(
            "[identity.azure]\nclouds = []",
            &[
                "a.toml:2: identity.azure.clouds: found an empty list; allowed are public, usgovernment and china",
            ],
        );
    }
}
