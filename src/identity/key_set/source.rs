//! Where does a key set come from? A URL, fetched within bounds, or a file, read when it changes.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap, HeaderName};

use super::key::{KeySet, KeySetError, MAX_LENGTH};

/// How long a whole fetch may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a set is fresh whose sender does not say.
const USUAL_LIFETIME: Duration = Duration::from_secs(3_600);

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
    /// The other side could not be reached, or broke off.
    #[error("{0}")]
    Unreachable(String),
    /// The other side had something else to say.
    #[error("the answer was {0} and no key set")]
    Status(u16),
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
    /// [`SourceError::Unreachable`] when no HTTP client can be made.
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
            Self::Fetch { client, url } => fetch(client, url).await,
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

/// A client that follows no redirect: the keys come from where the operator says, or not at all.
fn client(url: &str) -> Result<reqwest::Client, SourceError> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(crate::tls::client_config())
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .user_agent(concat!("callsign/", env!("CARGO_PKG_VERSION")));
    // Plain HTTP is for this machine only, and a proxy would be another one.
    let builder = if url.starts_with("https:") { builder } else { builder.no_proxy() };
    builder.build().map_err(|error| unreachable(&error))
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Brought, SourceError> {
    let sent = client.get(url).send().await;
    let mut response = sent.map_err(|error| unreachable(&error))?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(SourceError::Status(response.status().as_u16()));
    }
    let lifetime = lifetime(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_LENGTH {
            return Err(KeySetError::TooLong.into());
        }
    }
    Ok(Brought::Fetched(Arc::new(KeySet::parse(&body)?), lifetime))
}

/// How long an answer is fresh (RFC 9111 section 4.2): its `max-age` less the time that it has
/// spent in caches on its way.
fn lifetime(headers: &HeaderMap) -> Duration {
    let directives = texts(headers, &CACHE_CONTROL).flat_map(|text| text.split(','));
    let max_age = directives
        .filter_map(|directive| directive.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("max-age"))
        .and_then(|(_, seconds)| seconds.trim_matches('"').parse().ok())
        .map(Duration::from_secs);
    let age = texts(headers, &AGE).next().and_then(|text| text.parse().ok());
    let age = age.map_or(Duration::ZERO, Duration::from_secs);
    max_age.unwrap_or(USUAL_LIFETIME).saturating_sub(age)
}

fn texts<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
}

fn unreachable(error: &reqwest::Error) -> SourceError {
    // The outer texts name the URL once more; the innermost cause is what helps.
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    SourceError::Unreachable(cause.to_string())
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

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn the_lifetime_is_what_cache_control_leaves_of_it() {
        for (cache_control, age, seconds) in [
            ("public, max-age=20000, must-revalidate, no-transform", "", 20_000),
            ("max-age=20000", "5000", 15_000),
            ("Max-Age=\"60\"", "61", 0),
            ("no-store", "", 3_600),
            ("s-maxage=5", "", 3_600),
            ("max-age=soon", "", 3_600),
            ("max-age=-1", "", 3_600),
            ("max-age=99999999999999999999", "", 3_600),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
            if !age.is_empty() {
                headers.insert(AGE, HeaderValue::from_static(age));
            }
            assert_eq!(lifetime(&headers), Duration::from_secs(seconds), "{cache_control}");
        }
    }
}
