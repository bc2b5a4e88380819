//! Which token does a request carry (RFC 6750 section 2.1)?

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use zeroize::Zeroizing;

use super::problem::Problem;

/// The session token of this request.
pub(super) fn token(request: &HttpRequest) -> Result<Zeroizing<String>, Problem> {
    find(request).ok_or_else(missing)
}

/// The bearer token of this request, if it carries one.
pub(super) fn find(request: &HttpRequest) -> Option<Zeroizing<String>> {
    let header = request.headers().get(header::AUTHORIZATION)?;
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
        .then(|| Zeroizing::new(token.to_owned()))
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
