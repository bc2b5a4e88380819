//! Which keys sign AWS's documents? Pinned per region and kind.
//!
//! The key is what is trusted, never the certificate around it: AWS re-issues certificates
//! around the same keys, its own procedure ignores their validity, and some have expired. So an
//! expired one is worth a warning and refuses nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::key::TrustedKey;
use super::trust_file;
use crate::identity::proof::AwsKind;
use crate::identity::trust_file::TrustError;

/// The keys of AWS's instance identity documents, found by region and kind.
#[derive(Clone, Debug, Default)]
pub struct AwsTrust {
    keys: BTreeMap<String, Vec<TrustedKey>>,
}

impl AwsTrust {
    /// The keys of AWS's 39 public regions, as they come with the broker. Parses them: do it once.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); never for the file that comes with the broker, which a test
    /// reads.
    pub fn builtin() -> Result<Self, TrustError> {
        Self::parse(include_str!("../../../config/trust/aws.toml"))
    }

    /// Parses a trust file: `[[key]]` entries with `region`, `kind` and either `spki` (base64 of
    /// DER) or `certificate` (PEM).
    ///
    /// # Errors
    /// [`TrustError`] with everything that is wrong in the file, each with its entry and line.
    pub fn parse(toml: &str) -> Result<Self, TrustError> {
        let mut trust = Self::default();
        for key in trust_file::parse(toml)? {
            trust.insert(key);
        }
        Ok(trust)
    }

    /// Adds the keys of another file. A key that is there already, for the same region and kind,
    /// is not added again.
    pub fn merge(&mut self, other: Self) {
        for key in other.keys.into_values().flatten() {
            self.insert(key);
        }
    }

    /// Every key, ordered by region.
    pub fn keys(&self) -> impl Iterator<Item = &TrustedKey> {
        self.keys.values().flatten()
    }

    /// What an operator should know of: keys whose certificate has expired. They are used all the
    /// same.
    pub fn warnings(&self, now: DateTime<Utc>) -> Vec<String> {
        let warning = |key: &TrustedKey| {
            let expiry = key.certificate_not_after().filter(|expiry| *expiry < now)?;
            let (region, kind) = (key.region(), key.kind().as_str());
            Some(format!(
                "the certificate around the {kind} key of {region} expired at {}; the key is used \
                 all the same, look for a newer one",
                expiry.format("%Y-%m-%dT%H:%M:%SZ")
            ))
        };
        self.keys().filter_map(warning).collect()
    }

    /// The keys that may sign documents of this region and kind; several while AWS replaces one.
    pub(super) fn select(&self, region: &str, kind: AwsKind) -> impl Iterator<Item = &TrustedKey> {
        let of_region = self.keys.get(region).into_iter().flatten();
        of_region.filter(move |key| key.kind() == kind)
    }

    fn insert(&mut self, key: TrustedKey) {
        let of_region = self.keys.entry(key.region().to_owned()).or_default();
        let same = |other: &TrustedKey| {
            other.kind() == key.kind() && other.spki_sha256() == key.spki_sha256()
        };
        if !of_region.iter().any(same) {
            of_region.push(key);
        }
    }
}
