//! What happens to every request? It gets an id, its answer carries it, and a line tells of both.

use std::future::{Ready, ready};
use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, web};

use super::compat::CompatProblem;
use super::connections;
use super::problem::Problem;
use super::server::Front;
use super::unread::Chunks;
use crate::names::new_id;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a caller.
const MAX_LENGTH: usize = 64;

/// The id of a request: the caller's own `X-Request-Id` where it is harmless, else a new UUIDv7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestId(String);

impl RequestId {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    fn of(request: &ServiceRequest, front: &Front) -> Self {
        let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        match given {
            Some(given) if is_harmless(given) => Self(given.to_owned()),
            _ => Self(new_id(front.broker.clock.now()).to_string()),
        }
    }
}

/// An id goes into logs and back into a header: no more than letters, digits and `-._`.
fn is_harmless(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !id.is_empty() && id.len() <= MAX_LENGTH && id.bytes().all(allowed)
}

impl FromRequest for RequestId {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.extensions().get::<RequestId>().cloned();
        // `observe` wraps the whole application, so there always is one.
        ready(Ok(id.unwrap_or_else(|| Self(String::new()))))
    }
}

/// Wraps the whole application.
pub(super) async fn observe(
    front: web::Data<Front>,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let id = RequestId::of(&request, &front);
    request.extensions_mut().insert(id.clone());
    if request.method() == Method::HEAD {
        // RFC 9110 section 9.3.2: the same answer as GET's; actix leaves its body out.
        request.head_mut().method = Method::GET;
    }
    let is_last = connections::is_last(&request);
    let chunks = Chunks::of(&mut request);
    let response = next.call(request).await?;
    tell_cause(&response, &id);
    let mut response = name_in_problem(response, &id);
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(HEADER, value);
    }
    tell(&front, &response, &id, begun);
    if is_last {
        connections::close_after(&mut response);
    }
    Ok(match chunks {
        Some(chunks) => chunks.until(response),
        None => response,
    })
}

fn name_in_problem(response: ServiceResponse<BoxBody>, id: &RequestId) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else { return response };
    let named = if let Some(problem) = error.as_error::<Problem>() {
        problem.respond(Some(id.as_str()))
    } else if error.as_error::<CompatProblem>().is_some() {
        // Existing clients know no such member; they have the header.
        return response;
    } else {
        // actix's own refusals, as of a path that is no UTF-8, in our form.
        let status = error.as_response_error().status_code();
        let title = status.canonical_reason().unwrap_or("The request was refused");
        Problem::new(status, "malformed-request", title, "The request could not be understood.")
            .respond(Some(id.as_str()))
    };
    response.into_response(named)
}

/// The cause of a problem is for the operator, and the request's id is what the caller can quote.
fn tell_cause(response: &ServiceResponse<BoxBody>, id: &RequestId) {
    let Some(error) = response.response().error() else { return };
    let compatible = error.as_error::<CompatProblem>().map(CompatProblem::problem);
    let Some(problem) = compatible.or_else(|| error.as_error::<Problem>()) else { return };
    let Some(cause) = problem.cause() else { return };
    let request_id = id.as_str();
    if problem.status().is_server_error() {
        tracing::error!(request_id, cause, "a request failed");
    } else {
        tracing::info!(request_id, cause, "a request was refused");
    }
}

fn tell(front: &Front, response: &ServiceResponse<BoxBody>, id: &RequestId, begun: Instant) {
    let request = response.request();
    let status = response.status().as_u16();
    let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    tracing::info!(
        request_id = id.as_str(),
        method = request.method().as_str(),
        path = request.path(),
        status,
        microseconds = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    front.broker.metrics.request(route, status);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_ids_are_taken_over() {
        for (id, harmless) in [
            ("abc-1.2_3", true),
            ("0192f0c1-7e1d-7000-8000-000000000000", true),
            ("", false),
            ("a b", false),
            ("a\nb", false),
            ("\"", false),
            (&"x".repeat(65), false),
        ] {
            assert_eq!(is_harmless(id), harmless, "{id:?}");
        }
    }
}
