//! Whose signatures count? The trust sources of the configuration, read and added up.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::config::{self, TrustSource};
use crate::identity::{AwsTrust, AzureTrust, CurrentKeys, Trust, TrustError};

/// The largest trust file that is read, in bytes. The built-in one has 40 KiB.
const MAX_LENGTH: u64 = 4 * 1024 * 1024;

/// Why a trust source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustSourceError {
    /// The file cannot be read.
    #[error("the trust file {path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file holds something that is no key or anchor.
    #[error("the trust file {path} is wrong:\n{error}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// All that is wrong in it.
        error: TrustError,
    },
}

/// Reads the trust of every provider; of one that is switched off, none.
///
/// # Errors
/// [`TrustSourceError`] for the first source that cannot be used.
pub(super) fn load(identity: &config::Identity) -> Result<Trust, TrustSourceError> {
    let config::Identity { aws, azure, google, .. } = identity;
    Ok(Trust {
        aws: if aws.enabled { load_aws(&aws.trust)? } else { AwsTrust::default() },
        azure: if azure.enabled { load_azure(&azure.trust)? } else { AzureTrust::default() },
        // Empty until `google_keys` fills it.
        google: google.enabled.then(CurrentKeys::default),
        challenger: None,
    })
}

/// Logs what an operator should know of the trust that was read.
pub(super) fn warn(trust: &Trust, identity: &config::Identity, now: DateTime<Utc>) {
    for warning in trust.aws.warnings(now) {
        tracing::warn!(provider = "aws", "{warning}");
    }
    if identity.azure.enabled {
        for warning in trust.azure.warnings(now) {
            tracing::warn!(provider = "azure", "{warning}");
        }
    }
}

/// Adds trust files up, each of whichever provider its lists are about.
///
/// # Errors
/// [`TrustSourceError`] for the first file that cannot be used.
pub fn load_files(files: &[PathBuf]) -> Result<Trust, TrustSourceError> {
    let mut trust = Trust::default();
    for path in files {
        let text = read(path)?;
        if lists_anchors(&text) {
            let azure = AzureTrust::parse(&text);
            trust.azure.merge(azure.map_err(|error| wrong(path, error))?);
        } else {
            let aws = AwsTrust::parse(&text);
            trust.aws.merge(aws.map_err(|error| wrong(path, error))?);
        }
    }
    Ok(trust)
}

fn lists_anchors(text: &str) -> bool {
    let lists = |table: toml::Table| {
        ["anchor", "intermediate"].iter().any(|list| table.contains_key(*list))
    };
    text.parse().is_ok_and(lists)
}

/// Adds the keys of all AWS trust sources up.
///
/// # Errors
/// [`TrustSourceError`] for the first source that cannot be used.
pub fn load_aws(sources: &[TrustSource]) -> Result<AwsTrust, TrustSourceError> {
    add_up(sources, AwsTrust::builtin, AwsTrust::parse, AwsTrust::merge)
}

/// Adds the anchors of all Azure trust sources up.
///
/// # Errors
/// [`TrustSourceError`] for the first source that cannot be used.
pub fn load_azure(sources: &[TrustSource]) -> Result<AzureTrust, TrustSourceError> {
    add_up(sources, AzureTrust::builtin, AzureTrust::parse, AzureTrust::merge)
}

fn add_up<T: Default>(
    sources: &[TrustSource],
    builtin: fn() -> Result<T, TrustError>,
    parse: fn(&str) -> Result<T, TrustError>,
    merge: fn(&mut T, T),
) -> Result<T, TrustSourceError> {
    let mut trust = T::default();
    for source in sources {
        let added = match source {
            TrustSource::Builtin => builtin().map_err(|error| wrong("builtin", error)),
            TrustSource::File(path) => parse(&read(path)?).map_err(|error| wrong(path, error)),
        };
        merge(&mut trust, added?);
    }
    Ok(trust)
}

fn read(path: &Path) -> Result<String, TrustSourceError> {
    let unreadable =
        |reason: String| TrustSourceError::Unreadable { path: path.to_owned(), reason };
    let length = fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > MAX_LENGTH {
        return Err(unreadable("it is too large for a trust file".to_owned()));
    }
    fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

fn wrong(path: impl AsRef<Path>, error: TrustError) -> TrustSourceError {
    TrustSourceError::Wrong { path: path.as_ref().to_owned(), error }
}
