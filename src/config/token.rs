//! How long are tokens good for, for whom, and in whose name? `[token]`.

use std::path::PathBuf;
use std::time::Duration;

use super::database::Database;
use super::reader::Section;
use super::show::Show;
use super::url;
use crate::duration::{Written, between};

/// A shorter life would be renewal without end.
const SHORTEST: Duration = Duration::from_secs(60);
/// A longer life would make a stolen token worth as much as a machine.
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// `[token]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// How long a token is good for: 1 minute to 24 hours.
    pub lifetime: Duration,
    /// The `aud` claim; at least one.
    pub audience: Vec<String>,
    /// The `iss` claim; `public_url` unless another one is given.
    pub issuer: String,
    /// The file of the key that seals the signing keys: the one that is named, else one beside the
    /// SQLite file. None where there is neither; then the key can only come from the environment.
    pub sealing_key_file: Option<PathBuf>,
}

impl Token {
    /// `public_url` and `database` stand in where a key is empty. Where they are broken themselves,
    /// nothing starts, and the rest is only checked.
    pub(super) fn read(
        section: Section<'_>,
        public_url: &str,
        database: Option<&Database>,
    ) -> Option<Self> {
        let lifetime = section.parse("lifetime", between(SHORTEST, LONGEST_LIFETIME));
        let audience = section.list("audience", |text, _| not_blank(text));
        let audience = section.not_empty(
            "audience",
            audience,
            r#"a token is for someone, as in ["callsign"]"#,
        );
        let issuer = section.parse("issuer", |text| match text {
            "" => Ok(public_url.to_owned()),
            text => url::issuer(text),
        });
        let sealing_key_file = section.parse_at("sealing_key_file", |text, origin| {
            let named = (!text.is_empty()).then(|| origin.resolve(text));
            Ok::<_, String>(named.or_else(|| beside(database?)))
        });
        Some(Self {
            lifetime: lifetime?,
            audience: audience?,
            issuer: issuer?,
            sealing_key_file: sealing_key_file?,
        })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        let Self { lifetime, audience, issuer, sealing_key_file } = self;
        show.section("token");
        show.text("lifetime", Written(*lifetime));
        show.texts("audience", audience);
        show.text("issuer", issuer);
        show.path("sealing_key_file", sealing_key_file.as_deref());
    }
}

fn beside(database: &Database) -> Option<PathBuf> {
    let mut file = database.sqlite_file()?.into_os_string();
    file.push(".sealing-key");
    Some(file.into())
}

/// A name for others to compare with: spaces around it would make it another one, unseen.
pub(super) fn not_blank(text: &str) -> Result<String, &'static str> {
    match text.is_empty() || text.contains(char::is_whitespace) {
        true => Err("allowed is a text without spaces"),
        false => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, config};
    use super::*;

    #[test]
    fn a_lifetime_is_a_minute_to_a_day() {
        for good in ["1m", "24h", "1d", "1h30m"] {
            check(&format!("[token]\nlifetime = \"{good}\""), &[]);
        }
        for bad in ["59s", "24h1s", "60", "soon"] {
            let expected = format!(
                "a.toml:2: token.lifetime: found \"{bad}\"; allowed is a time from 1m to 1d with its units, such as \"90s\", \"5m\" or \"1h30m\""
            );
            check(&format!("[token]\nlifetime = \"{bad}\""), &[&expected]);
        }
    }

    #[test]
    fn a_sealing_key_lies_where_it_is_told_or_beside_the_database() {
        for (text, expected) in [
            ("[token]\nsealing_key_file = \"k\"", Some("conf/k")),
            ("", Some("callsign.db.sealing-key")),
            ("[database]\nurl = \"sqlite://x%20y.db\"", Some("conf/x y.db.sealing-key")),
            ("[database]\nurl = \"sqlite::memory:\"", None),
            ("[database]\nurl = \"postgres://h/d\"", None),
        ] {
            assert_eq!(config(text).token.sealing_key_file, expected.map(PathBuf::from), "{text}");
        }
    }

    #[test]
    fn an_issuer_and_audiences_are_names() {
        check(
            "[token]\naudience = [\"a b\", \"\"]\nissuer = \"me\"",
            &[
                "a.toml:2: token.audience: found \"a b\"; allowed is a text without spaces",
                "a.toml:2: token.audience: found nothing; allowed is a text without spaces",
                "a.toml:3: token.issuer: found \"me\"; allowed is an http(s) URL without ? and #, or nothing for public_url",
            ],
        );
        check(
            "[token]\naudience = []",
            &[
                "a.toml:2: token.audience: found an empty list; a token is for someone, as in [\"callsign\"]",
            ],
        );
    }
}
