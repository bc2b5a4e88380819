//! How is an operator's trust file read? TOML to entries, or everything that is wrong with it.
//!
//! What an entry must hold is the provider's matter; that each one is looked at, and told of with
//! its line, is this file's.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use toml::{Spanned, Table};

/// Everything that is wrong with a trust file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustError {
    /// What is wrong, in the order of the file; never empty.
    pub flaws: Vec<TrustFlaw>,
}

/// One thing that is wrong with a trust file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TrustFlaw {
    /// The line of the file, counted from 1; that of its header for an entry.
    pub line: usize,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl std::error::Error for TrustError {}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.flaws.iter().map(TrustFlaw::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl TrustError {
    /// Only this is wrong.
    pub(super) fn only(line: usize, problem: impl Into<String>) -> Self {
        Self { flaws: vec![TrustFlaw { line, problem: problem.into() }] }
    }
}

/// A list of entries, each a table that knows where it stands.
pub(super) type Entries = Vec<Spanned<Table>>;

/// Parses the file as a whole: its lists and no other.
///
/// # Errors
/// [`TrustError`] for what is no TOML, or holds something else.
pub(super) fn parse_file<F: DeserializeOwned>(text: &str) -> Result<F, TrustError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        TrustError::only(line_at(text, start), error.message().trim())
    })
}

/// Parses every entry of one list, and tells of each that is wrong.
pub(super) fn parse_entries<T>(
    text: &str,
    header: &str,
    entries: &Entries,
    flaws: &mut Vec<TrustFlaw>,
    parse: impl Fn(&Table) -> Result<T, Vec<String>>,
) -> Vec<T> {
    let mut good = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let line = line_at(text, entry.span().start);
        match parse(entry.get_ref()) {
            Ok(value) => good.push(value),
            Err(problems) => flaws.extend(problems.into_iter().map(|problem| TrustFlaw {
                line,
                problem: format!("{header} number {}: {problem}", index + 1),
            })),
        }
    }
    good
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// A problem for each member that is none of these.
pub(super) fn unknown_members(entry: &Table, known: &[&str]) -> Vec<String> {
    let unknown = entry.keys().filter(|name| !known.contains(&name.as_str()));
    let allowed = known.join(", ");
    unknown.map(|name| format!("`{name}` is not known; allowed are {allowed}")).collect()
}

/// A member that is text, if it is there.
pub(super) fn find_text<'a>(entry: &'a Table, name: &str) -> Result<Option<&'a str>, String> {
    match entry.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| format!("`{name}` must be a string")),
    }
}

/// The bytes of a member in base64, with or without white space.
pub(super) fn decode(name: &str, base64: &str) -> Result<Vec<u8>, String> {
    let packed: String = base64.split_ascii_whitespace().collect();
    STANDARD.decode(packed).map_err(|_| format!("`{name}` is not base64"))
}

/// The one certificate in a PEM text. Clouds publish some with lines longer than RFC 7468 allows.
pub(super) fn parse_pem(pem: &str) -> Option<CertificateDer<'static>> {
    let mut all = CertificateDer::pem_slice_iter(pem.as_bytes());
    let certificate = all.next()?.ok()?;
    all.next().is_none().then_some(certificate)
}

/// SHA-256 of a SubjectPublicKeyInfo, in hexadecimal: by this, people compare keys.
pub(super) fn fingerprint(spki: &[u8]) -> String {
    Sha256::digest(spki).iter().map(|byte| format!("{byte:02x}")).collect()
}
