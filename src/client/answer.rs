//! What did the broker answer? A body of the expected form, or an error by its cause.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;

use super::error::ClientError;
use crate::wire::Problem;

/// Nobody waits longer on a broker's word.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Sends the request to the broker at this URL, and reads its answer.
pub(super) async fn read<T: DeserializeOwned>(
    url: &str,
    request: RequestBuilder,
) -> Result<T, ClientError> {
    read_with_status(url, request).await.map(|(_, answer)| answer)
}

/// The same where the status tells something that the answer does not.
pub(super) async fn read_with_status<T: DeserializeOwned>(
    url: &str,
    request: RequestBuilder,
) -> Result<(StatusCode, T), ClientError> {
    let (status, body) = send(url, request).await?;
    let answer = serde_json::from_slice(&body).map_err(|_| foreign(url, status))?;
    Ok((status, answer))
}

/// Sends the request to the broker at this URL; a good answer has no body worth reading.
pub(super) async fn accept(url: &str, request: RequestBuilder) -> Result<(), ClientError> {
    send(url, request).await.map(|_| ())
}

/// When the broker answered, by its own clock (RFC 9110 section 6.6.1).
pub(super) async fn date(
    url: &str,
    request: RequestBuilder,
) -> Result<Option<DateTime<Utc>>, ClientError> {
    let response = request.send().await.map_err(|error| ClientError::unreachable(url, &error))?;
    if !response.status().is_success() {
        return Err(foreign(url, response.status()));
    }
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
    Ok(date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()).map(|date| date.to_utc()))
}

async fn send(url: &str, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), ClientError> {
    let unreachable = |error| ClientError::unreachable(url, &error);
    let response = request.send().await.map_err(unreachable)?;
    let (status, retry_after) = (response.status(), retry_after(response.headers()));
    let body = response.bytes().await.map_err(unreachable)?;
    if status.is_success() {
        return Ok((status, body.into()));
    }
    let problem = serde_json::from_slice::<Problem>(&body);
    if is_passing(status) {
        let reason = problem.map_or_else(|_| status.to_string(), |problem| problem.detail);
        return Err(ClientError::Later { url: url.to_owned(), reason, retry_after });
    }
    let problem = problem.map_err(|_| foreign(url, status))?;
    Err(ClientError::Refused(Box::new(problem)))
}

/// What passes by waiting: too many requests, and a broker that is starting, full or away behind
/// its proxy.
fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The seconds that the broker asks for (RFC 9110 section 10.2.3); a date is not understood.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

fn foreign(url: &str, status: StatusCode) -> ClientError {
    ClientError::Foreign { url: url.to_owned(), status: status.as_u16() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_seconds_and_bounded() {
        for (text, expected) in [
            (" 7 ", Some(7)),
            ("0", Some(0)),
            ("86400", Some(300)),
            ("-1", None),
            ("Fri, 31 Dec 1999 23:59:59 GMT", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
