//! What does an operator's trust file say about AWS? Entries to keys.

use chrono::{DateTime, Utc};
use der::{Decode as _, Encode as _};
use serde::Deserialize;
use toml::Table;
use x509_cert::Certificate;

use super::key::TrustedKey;
use crate::identity::proof::AwsKind;
use crate::identity::trust_file::{
    Entries, TrustError, decode, find_text, parse_entries, parse_file, parse_pem, unknown_members,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key: Entries,
}

/// Parses a trust file of AWS keys.
///
/// # Errors
/// [`TrustError`] with every flaw of every entry.
pub(super) fn parse(text: &str) -> Result<Vec<TrustedKey>, TrustError> {
    let file: File = parse_file(text)?;
    if file.key.is_empty() {
        return Err(TrustError::only(
            1,
            "there is no key; write one [[key]] for each region and kind",
        ));
    }
    let mut flaws = Vec::new();
    let keys = parse_entries(text, "[[key]]", &file.key, &mut flaws, parse_entry);
    if flaws.is_empty() { Ok(keys) } else { Err(TrustError { flaws }) }
}

/// A public key, and when the certificate around it expires.
type Material = (Vec<u8>, Option<DateTime<Utc>>);

fn parse_entry(entry: &Table) -> Result<TrustedKey, Vec<String>> {
    let mut problems = unknown_members(entry, &["region", "kind", "spki", "certificate"]);
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
        (Some(spki), None) => Ok((decode("spki", spki)?, None)),
        (None, Some(pem)) => parse_certificate(pem)
            .ok_or_else(|| "`certificate` is not one X.509 certificate in PEM".to_owned()),
        _ => Err("exactly one of `spki` and `certificate` must be there".to_owned()),
    }
}

/// AWS publishes certificates of X.509 version 1, too.
fn parse_certificate(pem: &str) -> Option<Material> {
    let certificate = Certificate::from_der(&parse_pem(pem)?).ok()?;
    let certificate = certificate.tbs_certificate();
    let spki = certificate.subject_public_key_info().to_der().ok()?;
    let not_after = certificate.validity().not_after.to_system_time();
    Some((spki, Some(not_after.into())))
}
