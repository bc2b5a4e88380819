//! Which EC2 instances may log in, and with which proofs? `[identity.aws]`.

use super::reader::Section;
use super::show::Show;
use super::trust::{self, TrustSource};
use super::words::{word, word_of};

/// A kind of proof that EC2 hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsKind {
    /// PKCS#7 with an RSA-2048 key.
    Rsa2048,
    /// A document and its signature by an RSA-1024 key.
    Rsa1024,
}

const KINDS: [(&str, AwsKind); 2] = [("rsa2048", AwsKind::Rsa2048), ("rsa1024", AwsKind::Rsa1024)];

/// `[identity.aws]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aws {
    /// Whether EC2 instances may log in.
    pub enabled: bool,
    /// The kinds of proof that count; at least one where enabled.
    pub accept: Vec<AwsKind>,
    /// The accounts that may log in, 12 digits each; empty: all.
    pub accounts: Vec<String>,
    /// The regions that may log in; empty: all.
    pub regions: Vec<String>,
    /// Where the keys come from; at least one where enabled.
    pub trust: Vec<TrustSource>,
}

impl Aws {
    pub(super) fn read(section: Section<'_>) -> Option<Self> {
        let enabled = section.flag("enabled");
        let mut accept = section.list("accept", word(&KINDS));
        if enabled == Some(true) {
            accept = section.not_empty("accept", accept, "allowed is rsa2048, rsa1024 or both");
        }
        let accounts = section.list("accounts", |text, _| account(text));
        let regions = section.list("regions", |text, _| region(text));
        let trust = trust::read(section, enabled == Some(true));
        Some(Self {
            enabled: enabled?,
            accept: accept?,
            accounts: accounts?,
            regions: regions?,
            trust: trust?,
        })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        let Self { enabled, accept, accounts, regions, trust } = self;
        show.section("identity.aws");
        show.plain("enabled", enabled);
        show.texts("accept", accept.iter().map(|kind| word_of(&KINDS, kind)));
        show.texts("accounts", accounts);
        show.texts("regions", regions);
        show.texts("trust", trust);
    }
}

pub(super) fn account(text: &str) -> Result<String, &'static str> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an AWS account is 12 digits"),
    }
}

fn region(text: &str) -> Result<String, &'static str> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match !text.is_empty() && text.bytes().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err("allowed is an AWS region, such as eu-west-1"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn lists_are_held_to_their_words_and_shapes() {
        check(
            "[identity.aws]\naccept = [\"dsa\"]\naccounts = [\"12345678901x\"]\nregions = [\"EU\"]\ntrust = []\n",
            &[
                "a.toml:2: identity.aws.accept: found \"dsa\"; allowed is rsa2048, rsa1024",
                "a.toml:3: identity.aws.accounts: found \"12345678901x\"; an AWS account is 12 digits",
                "a.toml:4: identity.aws.regions: found \"EU\"; allowed is an AWS region, such as eu-west-1",
                "a.toml:5: identity.aws.trust: found an empty list; allowed are \"builtin\" and paths of trust files",
            ],
        );
        check(
            "[identity.aws]\naccept = []",
            &[
                "a.toml:2: identity.aws.accept: found an empty list; allowed is rsa2048, rsa1024 or both",
            ],
        );
        check("[identity.aws]\nenabled = false\naccept = []\ntrust = []", &[]);
    }
}
