//! Where does a key set come from? A URL, fetched within bounds, or a file, read when it changes.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::key::{KeySet, KeySetError, MAX_LENGTH};
use crate::fetching::{FetchError, Fetched, client, fetch};

/// Where a key set comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// Fetched over HTTP.
    Url(String),
    /// Read from this file.
    File(PathBuf),
}

/// A way to a key set, ready to be gone.
#[derive(Debug)]
pub(super) enum Route {
    Fetch { client: reqwest::Client, url: String },
    Read { path: PathBuf, seen: Option<Stamp> },
}

/// What a try has brought.
#[derive(Debug)]
pub(super) enum Brought {
    /// A set, and how long it is fresh.
    Fetched(Arc<KeySet>, Duration),
    /// A set that is good until its file changes.
    Read(Arc<KeySet>),
    /// The file is as it was.
    Unchanged,
}

/// By what a changed file is told from one that is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

/// Why a try has brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing was fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The file could not be read.
    #[error("{0}")]
    File(#[from] io::Error),
    /// It was no key set.
    #[error("it is no key set that can be used: {0}")]
    KeySet(#[from] KeySetError),
}

impl KeySource {
    /// The way there.
    ///
    /// # Errors
    /// [`SourceError::Fetch`] when no HTTP client can be made.
    pub(super) fn route(&self) -> Result<Route, SourceError> {
        Ok(match self {
            Self::File(path) => Route::Read { path: path.clone(), seen: None },
            Self::Url(url) => Route::Fetch { client: client(url)?, url: url.clone() },
        })
    }
}

impl std::fmt::Display for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Route {
    /// Goes there once.
    pub(super) async fn go(&mut self) -> Result<Brought, SourceError> {
        match self {
            Self::Fetch { client, url } => fetch_set(client, url).await,
            Self::Read { path, seen } => {
                let stamp = Stamp::of(path)?;
                if *seen == Some(stamp) {
                    return Ok(Brought::Unchanged);
                }
                // Remembered once it is read whole: a file that is half written is tried again.
                let set = KeySet::parse(&read(path)?)?;
                *seen = Some(stamp);
                Ok(Brought::Read(Arc::new(set)))
            }
        }
    }
}

async fn fetch_set(client: &reqwest::Client, url: &str) -> Result<Brought, SourceError> {
    let Fetched { body, lifetime } = fetch(client, url, MAX_LENGTH).await?;
    Ok(Brought::Fetched(Arc::new(KeySet::parse(&body)?), lifetime))
}

impl Stamp {
    fn of(path: &std::path::Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self { modified: metadata.modified().ok(), length: metadata.len() })
    }
}

/// One byte more than allowed is enough to see that it is too long.
fn read(path: &std::path::Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_LENGTH).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
