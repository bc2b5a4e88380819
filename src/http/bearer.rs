//! Which token does a request carry (RFC 6750 section 2.1)?

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use zeroize::Zeroizing;

use super::problem::Problem;

/// The bearer token of this request.
pub(super) fn token(request: &HttpRequest) -> Result<Zeroizing<String>, Problem> {
    let header = request.headers().get(header::AUTHORIZATION);
    let (scheme, token) = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(missing());
    }
    Ok(Zeroizing::new(token.trim().to_owned()))
}

fn missing() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "token-rejected",
        "A session token is needed",
        "Log in, and send the session token as Authorization: Bearer <token>.",
    )
    .challenge(r#"Bearer realm="callsign""#)
}
