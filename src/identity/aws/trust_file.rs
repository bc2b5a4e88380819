//! What does an operator's trust file say? TOML to keys, or everything that is wrong with it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use der::{Decode as _, Encode as _};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use toml::{Spanned, Table};
use x509_cert::Certificate;

use super::key::TrustedKey;
use crate::identity::proof::AwsKind;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key: Vec<Spanned<Table>>,
}

/// Parses a trust file of AWS keys.
///
/// # Errors
/// [`TrustError`] with every flaw of every entry.
pub(super) fn parse(text: &str) -> Result<Vec<TrustedKey>, TrustError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        only_flaw(line_at(text, start), error.message().trim().to_owned())
    })?;
    if file.key.is_empty() {
        let problem = "there is no key; write one [[key]] for each region and kind".to_owned();
        return Err(only_flaw(1, problem));
    }
    let (mut keys, mut flaws) = (Vec::new(), Vec::new());
    for (index, entry) in file.key.iter().enumerate() {
        let line = line_at(text, entry.span().start);
        match parse_entry(entry.get_ref()) {
            Ok(key) => keys.push(key),
            Err(problems) => flaws.extend(problems.into_iter().map(|problem| TrustFlaw {
                line,
                problem: format!("[[key]] number {}: {problem}", index + 1),
            })),
        }
    }
    if flaws.is_empty() { Ok(keys) } else { Err(TrustError { flaws }) }
}

fn only_flaw(line: usize, problem: String) -> TrustError {
    TrustError { flaws: vec![TrustFlaw { line, problem }] }
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// A public key, and when the certificate around it expires.
type Material = (Vec<u8>, Option<DateTime<Utc>>);

fn parse_entry(entry: &Table) -> Result<TrustedKey, Vec<String>> {
    let mut problems = unknown_members(entry);
    let mut note = |problem| problems.push(problem);
    let region = parse_region(entry).map_err(&mut note).ok();
    let kind = parse_kind(entry).map_err(&mut note).ok();
    let material = parse_material(entry).map_err(&mut note).ok();
    if let (Some(region), Some(kind), Some((spki, not_after))) = (region, kind, material) {
        match TrustedKey::parse(region, kind, &spki) {
            Ok(key) if problems.is_empty() => return Ok(key.in_certificate(not_after)),
            Ok(_) => {}
            Err(error) => problems.push(format!("the key {error}")),
        }
    }
    Err(problems)
}

fn unknown_members(entry: &Table) -> Vec<String> {
    let known = ["region", "kind", "spki", "certificate"];
    let unknown = entry.keys().filter(|name| !known.contains(&name.as_str()));
    let allowed = known.join(", ");
    unknown.map(|name| format!("`{name}` is not known; allowed are {allowed}")).collect()
}

fn find_text<'a>(entry: &'a Table, name: &str) -> Result<Option<&'a str>, String> {
    match entry.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| format!("`{name}` must be a string")),
    }
}

fn parse_region(entry: &Table) -> Result<String, String> {
    match find_text(entry, "region")? {
        Some(region) if is_region(region) => Ok(region.to_owned()),
        Some(region) => {
            Err(format!("`region` is {region:?}; write it as AWS does, like \"us-east-1\""))
        }
        None => Err("`region` is missing".to_owned()),
    }
}

/// Whether a text has the shape of an AWS region: what may be looked up, compared and logged.
pub(super) fn is_region(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=64).contains(&text.len()) && text.chars().all(allowed)
}

fn parse_kind(entry: &Table) -> Result<AwsKind, String> {
    let allowed = AwsKind::ALL.map(AwsKind::as_str).join(", ");
    match find_text(entry, "kind")? {
        Some(word) => {
            AwsKind::find(word).ok_or_else(|| format!("`kind` is {word:?}; allowed are {allowed}"))
        }
        None => Err(format!("`kind` is missing; allowed are {allowed}")),
    }
}

fn parse_material(entry: &Table) -> Result<Material, String> {
    match (find_text(entry, "spki")?, find_text(entry, "certificate")?) {
        (Some(spki), None) => {
            let packed: String = spki.split_ascii_whitespace().collect();
            let spki = STANDARD.decode(packed);
            Ok((spki.map_err(|_| "`spki` is not base64")?, None))
        }
        (None, Some(pem)) => parse_certificate(pem)
            .ok_or_else(|| "`certificate` is not one X.509 certificate in PEM".to_owned()),
        _ => Err("exactly one of `spki` and `certificate` must be there".to_owned()),
    }
}

/// AWS publishes certificates of X.509 version 1, some as PEM with lines longer than RFC 7468
/// allows: both must be readable.
fn parse_certificate(pem: &str) -> Option<Material> {
    let mut all = CertificateDer::pem_slice_iter(pem.as_bytes());
    let der = all.next()?.ok()?;
    if all.next().is_some() {
        return None;
    }
    let certificate = Certificate::from_der(&der).ok()?;
    let certificate = certificate.tbs_certificate();
    let spki = certificate.subject_public_key_info().to_der().ok()?;
    let not_after = certificate.validity().not_after.to_system_time();
    Some((spki, Some(not_after.into())))
}
