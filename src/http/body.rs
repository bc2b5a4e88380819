//! How is a body read? Bounded in size and time before it is parsed, and blamed by member.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpMessage as _, HttpRequest};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::problem::Problem;
use super::server::{Patience, ServeSettings};

/// The largest body, in bytes. The largest real proof has about 10 KiB.
const LIMIT: usize = 64 * 1024;

/// A body that an endpoint takes.
pub(super) trait Body: DeserializeOwned {
    /// What its members are, for the person whose request did not fit.
    const MEMBERS: &'static str;
}

/// Reads a JSON body of a native route: `application/json`, no unknown members.
pub(super) async fn read<T: Body>(request: &HttpRequest, payload: Payload) -> Result<T, Problem> {
    require_json(request)?;
    parse(&receive(request, payload).await?)
}

/// Refuses what is not JSON by its content type.
pub(super) fn require_json(request: &HttpRequest) -> Result<(), Problem> {
    // RFC 9110 section 8.3.1: type and subtype are compared without regard to case.
    if !request.content_type().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The body is not JSON by its content type",
            "Send the body as JSON with Content-Type: application/json.",
        ));
    }
    Ok(())
}

/// The same of a body that may be left out.
pub(super) async fn read_if_any<T: Body + Default>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, Problem> {
    let bytes = receive(request, payload).await?;
    if bytes.is_empty() {
        return Ok(T::default());
    }
    require_json(request)?;
    parse(&bytes)
}

/// Receives a body whole, if it is not too large and comes in time.
pub(super) async fn receive(request: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LIMIT) {
        return Err(too_large());
    }
    let settings = request.app_data::<Data<ServeSettings>>();
    let patience = settings.map_or_else(Patience::default, |settings| settings.patience).body;
    match tokio::time::timeout(patience, payload.to_bytes_limited(LIMIT)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_broken))) => Err(Problem::malformed("The body broke off before its end.")),
        Ok(Err(_limit)) => Err(too_large()),
        Err(_elapsed) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "request-timeout",
            "The body took too long",
            format!("Send the whole body within {} seconds.", patience.as_secs()),
        )),
    }
}

/// Whether a JSON text is an object by its first character. serde would read a struct from an
/// array as well, member by member, which no caller means.
pub(super) fn begins_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

/// Reads a JSON object with no unknown members.
pub(super) fn parse<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    if !begins_object(bytes) {
        let is_json = serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
        return Err(if is_json { Problem::malformed(T::MEMBERS) } else { not_json() });
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().classify() != serde_json::error::Category::Data {
            return not_json();
        }
        match blamed(&error.path().to_string(), &error.inner().to_string()) {
            Some(member) => Problem::malformed(format!(
                "The member that field names is missing, unknown, given twice, or of a wrong \
                 type. {}",
                T::MEMBERS
            ))
            .blaming(&member),
            None => Problem::malformed(T::MEMBERS),
        }
    })?;
    reader.end().map_err(|_| not_json())?;
    Ok(value)
}

/// The member to blame. serde tells the path to one that is unknown or of a wrong type; one that is
/// missing or given twice it names in its text only, at the path of the object around it.
fn blamed(path: &str, text: &str) -> Option<String> {
    let named = ["missing field `", "duplicate field `"].iter().find_map(|begin| {
        let rest = text.strip_prefix(begin)?;
        rest.split_once('`').map(|(name, _)| name)
    });
    match (path, named) {
        (".", None) => None,
        (".", Some(name)) => Some(name.to_owned()),
        (path, None) => Some(path.to_owned()),
        (path, Some(name)) => Some(format!("{path}.{name}")),
    }
}

fn not_json() -> Problem {
    Problem::malformed("The body is not JSON.")
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        "The body is too large",
        "No request has more than 64 KiB: a proof of identity has 10 KiB at most, a machine with \
         100 agents less than 50.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_to_blame_is_named_with_its_path() {
        for (path, text, member) in [
            (".", "invalid type: null, expected struct", None),
            (".", "missing field `name` at line 1 column 2", Some("name")),
            (".", "duplicate field `name` at line 1 column 2", Some("name")),
            ("name", "invalid type: integer `5`, expected a string", Some("name")),
            ("agents[0]", "missing field `name` at line 1", Some("agents[0].name")),
        ] {
            assert_eq!(blamed(path, text).as_deref(), member, "{path} {text}");
        }
    }
}
