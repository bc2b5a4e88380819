//! How is a body read? Bounded in size and time before it is parsed, and blamed by member.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpMessage as _, HttpRequest};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The largest body, in bytes. The largest real proof has about 10 KiB.
const LIMIT: usize = 64 * 1024;

/// How long a caller may take to send it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body that an endpoint takes.
pub(super) trait Body: DeserializeOwned {
    /// What its members are, for the person whose request did not fit.
    const MEMBERS: &'static str;
}

/// Reads a JSON body of a native route: `application/json`, no unknown members.
pub(super) async fn read<T: Body>(request: &HttpRequest, payload: Payload) -> Result<T, Problem> {
    if request.content_type() != "application/json" {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The body is not JSON by its content type",
            "Send the body as JSON with Content-Type: application/json.",
        ));
    }
    parse(&receive(request, payload).await?)
}

/// Receives a body whole, if it is not too large and comes in time.
pub(super) async fn receive(request: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LIMIT) {
        return Err(too_large());
    }
    match tokio::time::timeout(PATIENCE, payload.to_bytes_limited(LIMIT)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_broken))) => Err(Problem::malformed("The body broke off before its end.")),
        Ok(Err(_limit)) => Err(too_large()),
        Err(_elapsed) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "request-timeout",
            "The body took too long",
            "Send the whole body within 10 seconds.",
        )),
    }
}

fn parse<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        match error.inner().classify() {
            serde_json::error::Category::Data if path != "." => Problem::malformed(format!(
                "The member {path} is unknown, given twice, or of a wrong type. {}",
                T::MEMBERS
            ))
            .blaming(&path),
            serde_json::error::Category::Data => Problem::malformed(T::MEMBERS),
            _ => not_json(),
        }
    })?;
    reader.end().map_err(|_| not_json())?;
    Ok(value)
}

fn not_json() -> Problem {
    Problem::malformed("The body is not JSON.")
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        "The body is too large",
        "No proof of identity is larger than 64 KiB. Send the document alone.",
    )
}
