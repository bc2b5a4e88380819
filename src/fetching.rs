//! How is a key set fetched, and when is the next one? Within bounds, from where it was told and
//! nowhere else, as often as its sender says and no more often than that is decent.

mod schedule;

use std::time::Duration;

use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap, HeaderName};

pub use schedule::Schedule;

/// How long a whole fetch may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a set is fresh whose sender does not say.
const USUAL_LIFETIME: Duration = Duration::from_secs(3_600);

/// What was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The body.
    pub body: Vec<u8>,
    /// How long it is fresh.
    pub lifetime: Duration,
}

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The other side could not be reached, or broke off.
    #[error("{0}")]
    Unreachable(String),
    /// The other side had something else to say.
    #[error("the answer was {0} and no key set")]
    Status(u16),
    /// Longer than any.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// A client for this URL that follows no redirect: the keys come from where the operator says, or
/// not at all.
///
/// # Errors
/// [`FetchError::Unreachable`] when no client can be made.
pub fn client(url: &str) -> Result<reqwest::Client, FetchError> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(crate::tls::client_config())
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .user_agent(concat!("callsign/", env!("CARGO_PKG_VERSION")));
    // Plain HTTP is for this machine only, and a proxy would be another one.
    let builder = if url.starts_with("https:") { builder } else { builder.no_proxy() };
    builder.build().map_err(|error| unreachable(&error))
}

/// Fetches once, at most this many bytes.
///
/// # Errors
/// [`FetchError`], by cause.
pub async fn fetch(
    client: &reqwest::Client,
    url: &str,
    most: usize,
) -> Result<Fetched, FetchError> {
    let sent = client.get(url).send().await;
    let mut response = sent.map_err(|error| unreachable(&error))?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let lifetime = lifetime(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > most {
            return Err(FetchError::TooLong(most));
        }
    }
    Ok(Fetched { body, lifetime })
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

fn unreachable(error: &reqwest::Error) -> FetchError {
    // The outer texts name the URL once more; the innermost cause is what helps.
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    FetchError::Unreachable(cause.to_string())
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
