//! Which Compute Engine instances may log in, and where do Google's keys come from?
//! `[identity.google]`.

use std::path::PathBuf;

use super::demand::{DEMANDS, Demand};
use super::reader::Section;
use super::show::Show;
use super::token::not_blank;
use super::url;
use super::words::{word, word_of};

/// Stands for the broker's own address in the list of audiences.
const PUBLIC_URL: &str = "<public_url>";

/// `[identity.google]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Google {
    /// Whether Compute Engine instances may log in.
    pub enabled: bool,
    /// The audiences that a token may be for; at least one where enabled.
    pub audiences: Vec<String>,
    /// Whether a token's audience has to answer a challenge.
    pub audience: Demand,
    /// The project ids that may log in; empty: all.
    pub projects: Vec<String>,
    /// Where Google's keys are fetched from.
    pub keys_url: String,
    /// A JWK set on disk, instead of `keys_url`.
    pub keys_file: Option<PathBuf>,
}

impl Google {
    pub(super) fn read(section: Section<'_>, public_url: &str) -> Option<Self> {
        let enabled = section.flag("enabled");
        let mut audiences = section.list("audiences", |text, _| match text {
            PUBLIC_URL => Ok(public_url.to_owned()),
            text => not_blank(text),
        });
        if enabled == Some(true) {
            // No audience at all would let in tokens that were made for anybody else.
            let rule = r#"allowed are "<public_url>" and other names that agents ask for"#;
            audiences = section.not_empty("audiences", audiences, rule);
        }
        let audience = section.parse_at("audience", word(&DEMANDS));
        let projects = section.list("projects", |text, _| not_blank(text));
        let keys_url = section.parse("keys_url", url::key_source);
        let keys_file = section.parse_at("keys_file", |text, origin| {
            Ok::<_, String>((!text.is_empty()).then(|| origin.resolve(text)))
        });
        Some(Self {
            enabled: enabled?,
            audiences: audiences?,
            audience: audience?,
            projects: projects?,
            keys_url: keys_url?,
            keys_file: keys_file?,
        })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        let Self { enabled, audiences, audience, projects, keys_url, keys_file } = self;
        show.section("identity.google");
        show.plain("enabled", enabled);
        show.texts("audiences", audiences);
        show.text("audience", word_of(&DEMANDS, audience));
        show.texts("projects", projects);
        show.text("keys_url", keys_url);
        show.path("keys_file", keys_file.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, config};

    #[test]
    fn the_placeholder_is_the_public_url_wherever_it_stands() {
        let text = "[identity.google]\naudiences = [\"coder\", \"<public_url>\"]\nkeys_file = \"jwks.json\"\n[http]\npublic_url = \"https://b.example/\"";
        let google = config(text).identity.google;
        assert_eq!(google.audiences, ["coder", "https://b.example"]);
        assert_eq!(google.keys_file, Some("conf/jwks.json".into()));
    }

    #[test]
    fn some_audience_is_asked_for() {
        check(
            "[identity.google]\naudiences = []",
            &[
                "a.toml:2: identity.google.audiences: found an empty list; allowed are \"<public_url>\" and other names that agents ask for",
            ],
        );
        check("[identity.google]\nenabled = false\naudiences = []", &[]);
    }
}
