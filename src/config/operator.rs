//! Who may call the registration API? `[[operator]]`.

use std::collections::BTreeMap;
use std::fmt;

use crate::names::{self, PLAIN_NAME};

use super::reader::Section;
use super::show::Show;
use super::words::{word, word_of};

/// The keys of an entry, with their types.
pub(super) const TEMPLATE: &str = r#"
operator = [{ name = "", token_sha256 = "", scopes = [] }]
"#;

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// See resources and agents.
    Read,
    /// Register and retire them.
    Write,
}

const SCOPES: [(&str, Scope); 2] = [("read", Scope::Read), ("write", Scope::Write)];

/// One `[[operator]]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// The name for logs and records; unique, of the shape of agent names.
    pub name: String,
    /// The SHA-256 of the operator's token; unique.
    pub token_sha256: [u8; 32],
    /// What the operator may do; not empty.
    pub scopes: Vec<Scope>,
}

impl Operator {
    /// All entries; two with one name, or one token, could not be told apart in the records.
    pub(super) fn read_all(root: Section<'_>) -> Option<Vec<Self>> {
        let (mut names, mut hashes) = (BTreeMap::new(), BTreeMap::new());
        let mut operators = Vec::new();
        for section in root.tables("operator") {
            let operator = Self::read(section).filter(|operator| {
                section.is_first("name", operator.name.clone(), &mut names)
                    & section.is_first("token_sha256", operator.short_hash(), &mut hashes)
            });
            operators.push(operator);
        }
        operators.into_iter().collect()
    }

    fn read(section: Section<'_>) -> Option<Self> {
        let name = section.parse("name", name);
        // Somebody will put the token itself here one day: it must not come back in a message.
        let length = |text: &str| format!("{} characters", text.chars().count());
        let token_sha256 = section.parse_secret("token_sha256", length, |text, _| sha256(text));
        let scopes = section.list("scopes", word(&SCOPES));
        let scopes = section.not_empty("scopes", scopes, "allowed is read, write or both");
        Some(Self { name: name?, token_sha256: token_sha256?, scopes: scopes? })
    }

    pub(super) fn show(&self, index: usize, show: &mut Show<'_>) {
        let Self { name, token_sha256: _, scopes } = self;
        show.entry("operator", index);
        show.text("name", name);
        show.text("token_sha256", self.short_hash());
        show.texts("scopes", scopes.iter().map(|scope| word_of(&SCOPES, scope)));
    }

    /// The beginning of the hash: enough to recognise it.
    fn short_hash(&self) -> String {
        let digits: String =
            self.token_sha256.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("{digits}…")
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operator({} {} {:?})", self.name, self.short_hash(), self.scopes)
    }
}

fn name(text: &str) -> Result<String, String> {
    match names::is_plain(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("an operator's name is {PLAIN_NAME}")),
    }
}

fn sha256(text: &str) -> Result<[u8; 32], &'static str> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Option<Vec<u8>> = text.bytes().map(digit).collect();
    digits
        .and_then(|digits| {
            let (pairs, rest) = digits.as_chunks::<2>();
            let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
            if rest.is_empty() { bytes.try_into().ok() } else { None }
        })
        .ok_or("allowed is a SHA-256 of 64 hex digits, as `callsign operator-token` prints it")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, config};
    use super::*;

    fn entry(name: &str, hash: &str, scopes: &str) -> String {
        format!("[[operator]]\nname = \"{name}\"\ntoken_sha256 = \"{hash}\"\nscopes = {scopes}\n")
    }

    #[test]
    fn an_operator_is_a_name_a_hash_and_scopes() {
        let text = entry("ci", &"0F".repeat(32), r#"["read", "write"]"#);
        let [operator] = config(&text).operators.try_into().unwrap();
        assert_eq!(operator.name, "ci");
        assert_eq!(operator.token_sha256, [15; 32]);
        assert_eq!(operator.scopes, [Scope::Read, Scope::Write]);
    }

    #[test]
    fn what_is_wrong_with_an_operator_is_told_without_its_token() {
        let hash = "0f".repeat(32);
        let rule = "allowed is a SHA-256 of 64 hex digits, as `callsign operator-token` prints it";
        for (text, expected) in [
            (entry("a b", &hash, r#"["read"]"#), "2: operator.name: found \"a b\"; an operator's name is 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit".to_owned()),
            (entry("ci", "", r#"["read"]"#), format!("3: operator.token_sha256: found 0 characters; {rule}")),
            (entry("ci", &hash[1..], r#"["read"]"#), format!("3: operator.token_sha256: found 63 characters; {rule}")),
            (entry("ci", &hash.replace('f', "g"), r#"["read"]"#), format!("3: operator.token_sha256: found 64 characters; {rule}")),
            (entry("ci", &hash, "[]"), "4: operator.scopes: found an empty list; allowed is read, write or both".to_owned()),
            (entry("ci", &hash, r#"["root"]"#), "4: operator.scopes: found \"root\"; allowed is read, write".to_owned()),
        ] {
            check(&text, &[&format!("a.toml:{expected}")]);
        }
    }

    #[test]
    fn names_and_tokens_are_unique() {
        let (a, b) = ("0a".repeat(32), "0b".repeat(32));
        let text = entry("x", &a, r#"["read"]"#)
            + &entry("x", &b, r#"["read"]"#)
            + &entry("y", &a, r#"["read"]"#);
        check(
            &text,
            &[
                "a.toml:6: operator.name: x stands at a.toml:2 already; each may be there once",
                "a.toml:11: operator.token_sha256: 0a0a0a0a0a0a… stands at a.toml:3 already; each may be there once",
            ],
        );
    }
}
