//! Is this request an operator's (RFC 6750)?

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use utoipa::IntoResponses;

use super::bearer;
use super::problem::Problem;
use super::server::Front;
use crate::broker::operators::OperatorRefused;
use crate::config::Scope;
use crate::registration::Registrar;
use crate::wire;

/// How every call of an operator can fail, for the description of the API.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "described, and never made")]
pub(super) enum Refusals {
    /// token-rejected
    #[response(status = 401, content_type = "application/problem+json")]
    Rejected(wire::Problem),
    /// insufficient-scope: the scope that this call takes stands in its security
    #[response(status = 403, content_type = "application/problem+json")]
    Scope(wire::Problem),
    /// unavailable: come back after Retry-After and send it again
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(wire::Problem),
}

/// The operator behind this request, if it may do this.
pub(super) fn require(
    front: &Front,
    request: &HttpRequest,
    scope: Scope,
) -> Result<Registrar, Problem> {
    let token = bearer::find(request).ok_or_else(missing)?;
    front.operators.admit(&token, scope).map_err(|refused| {
        tracing::warn!(cause = %refused, "an operator token was refused");
        match refused {
            OperatorRefused::Unknown => unknown(),
            OperatorRefused::Scope(scope) => insufficient(scope),
        }
    })
}

fn missing() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "token-rejected",
        "An operator token is needed",
        "Send the token as Authorization: Bearer <token>; `callsign operator-token` makes one.",
    )
    .challenge(r#"Bearer realm="callsign operators""#)
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "token-rejected",
        "The operator token was not accepted",
        "It is no operator's of this broker. Its SHA-256 must stand in an [[operator]] of the \
         broker's configuration.",
    )
    .challenge(r#"Bearer realm="callsign operators", error="invalid_token""#)
}

fn insufficient(scope: Scope) -> Problem {
    let (word, challenge) = match scope {
        Scope::Read => (
            "read",
            r#"Bearer realm="callsign operators", error="insufficient_scope", scope="read""#,
        ),
        Scope::Write => (
            "write",
            r#"Bearer realm="callsign operators", error="insufficient_scope", scope="write""#,
        ),
    };
    Problem::new(
        StatusCode::FORBIDDEN,
        "insufficient-scope",
        "This operator may not do this",
        format!("It needs the scope \"{word}\" in its [[operator]] entry."),
    )
    .challenge(challenge)
}
