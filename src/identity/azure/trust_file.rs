//! What does an operator's trust file say about Azure? Entries to anchors and certificates.

use chrono::{DateTime, Utc};
use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use toml::Table;
use webpki::EndEntityCert;

use super::anchor::{Anchor, AnchorError};
use crate::identity::trust_file::{
    Entries, TrustError, decode, find_text, parse_entries, parse_file, parse_pem, unknown_members,
};

/// The most intermediate certificates of one file. Each is looked at in every login.
const MOST_INTERMEDIATES: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    anchor: Entries,
    #[serde(default)]
    intermediate: Entries,
}

/// Parses a trust file of Azure's authorities.
///
/// # Errors
/// [`TrustError`] with every flaw of every entry.
pub(super) fn parse(text: &str) -> Result<(Vec<Anchor>, Vec<CertificateDer<'static>>), TrustError> {
    let file: File = parse_file(text)?;
    if file.anchor.is_empty() {
        let problem = "there is no anchor; write one [[anchor]] for each certificate authority";
        return Err(TrustError::only(1, problem));
    }
    if file.intermediate.len() > MOST_INTERMEDIATES {
        let problem = format!("there are more than {MOST_INTERMEDIATES} [[intermediate]] entries");
        return Err(TrustError::only(1, problem));
    }
    let mut flaws = Vec::new();
    let anchors = parse_entries(text, "[[anchor]]", &file.anchor, &mut flaws, parse_anchor);
    let intermediates =
        parse_entries(text, "[[intermediate]]", &file.intermediate, &mut flaws, parse_intermediate);
    if flaws.is_empty() { Ok((anchors, intermediates)) } else { Err(TrustError { flaws }) }
}

fn parse_anchor(entry: &Table) -> Result<Anchor, Vec<String>> {
    let known = ["name", "subject", "spki", "not_after", "certificate"];
    let mut problems = unknown_members(entry, &known);
    let anchor = match entry.contains_key("certificate") {
        true => parse_certified(entry, &mut problems),
        false => parse_pinned(entry, &mut problems),
    };
    match anchor {
        Some(anchor) if problems.is_empty() => Ok(anchor),
        _ => Err(problems),
    }
}

/// An anchor by its certificate.
fn parse_certified(entry: &Table, problems: &mut Vec<String>) -> Option<Anchor> {
    if ["subject", "spki", "not_after"].iter().any(|name| entry.contains_key(*name)) {
        problems.push("`certificate` stands alone, or beside `name`".to_owned());
    }
    let mut note = |problem: String| problems.push(problem);
    let name = find_text(entry, "name").map_err(&mut note).ok()?;
    let pem = find_text(entry, "certificate").map_err(&mut note).ok()??;
    let der = parse_pem(pem).ok_or(AnchorError::Certificate);
    let anchor = der.and_then(|der| Anchor::from_certificate(name, &der));
    anchor.map_err(|error| note(error.to_string())).ok()
}

/// An anchor by its name, key and end.
fn parse_pinned(entry: &Table, problems: &mut Vec<String>) -> Option<Anchor> {
    let mut note = |problem: String| problems.push(problem);
    let name = required(entry, "name").map_err(&mut note).ok();
    let bytes = |name| required(entry, name).and_then(|text| decode(name, text));
    let subject = bytes("subject").map_err(&mut note).ok();
    let spki = bytes("spki").map_err(&mut note).ok();
    let not_after = parse_time(entry).map_err(&mut note).ok();
    let anchor = Anchor::new(name?.to_owned(), &subject?, &spki?, not_after?);
    anchor.map_err(|error| note(error.to_string())).ok()
}

fn required<'a>(entry: &'a Table, name: &str) -> Result<&'a str, String> {
    let text = find_text(entry, name)?.filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| format!("`{name}` is missing; without it, give `certificate`"))
}

fn parse_time(entry: &Table) -> Result<DateTime<Utc>, String> {
    let text = required(entry, "not_after")?;
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc())
        .map_err(|_| format!("`not_after` is {text:?}; write it like \"2038-01-15T12:00:00Z\""))
}

fn parse_intermediate(entry: &Table) -> Result<CertificateDer<'static>, Vec<String>> {
    let mut problems = unknown_members(entry, &["certificate"]);
    let certificate = find_text(entry, "certificate").map_err(|problem| vec![problem])?;
    let der = certificate.and_then(parse_pem).filter(|der| EndEntityCert::try_from(der).is_ok());
    match der {
        Some(der) if problems.is_empty() => Ok(der),
        Some(_) => Err(problems),
        None => {
            problems.push(AnchorError::Certificate.to_string());
            Err(problems)
        }
    }
}
