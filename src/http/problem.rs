//! What is a caller told when it gets no good answer? Problem details (RFC 9457).

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};

use crate::wire;

/// An answer that is not a good one. The request's id is added on its way out, in `request.rs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    status: StatusCode,
    /// Boxed, because it travels as the rarer side of many results.
    body: Box<wire::Problem>,
    retry_after_seconds: Option<u32>,
    www_authenticate: Option<&'static str>,
    allow: Option<String>,
    blamed: Vec<String>,
    cause: Option<String>,
}

/// The longest name of a member that is told back: it is the caller's own text.
const MAX_BLAMED: usize = 64;

impl Problem {
    /// A problem of this status and stable code; `title` is the same for all of its kind, `detail`
    /// is for the person who must act.
    pub(super) fn new(
        status: StatusCode,
        code: &str,
        title: &str,
        detail: impl Into<String>,
    ) -> Self {
        let body = Box::new(wire::Problem {
            kind: format!("urn:callsign:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            ..wire::Problem::default()
        });
        Self {
            status,
            body,
            retry_after_seconds: None,
            www_authenticate: None,
            allow: None,
            blamed: Vec::new(),
            cause: None,
        }
    }

    /// The request is not what this endpoint takes.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-request", "The request is malformed", detail)
    }

    /// Names a member to blame. Of several, the first is told natively, all of them on the
    /// compatible routes.
    pub(super) fn blaming(mut self, field: &str) -> Self {
        let field: String = field.chars().take(MAX_BLAMED).collect();
        self.body.field.get_or_insert_with(|| field.clone());
        self.blamed.push(field);
        self
    }

    /// Every member to blame.
    pub(super) fn blamed(&self) -> &[String] {
        &self.blamed
    }

    /// Adds members that this problem has.
    pub(super) fn with(mut self, add: impl FnOnce(&mut wire::Problem)) -> Self {
        add(&mut self.body);
        self
    }

    /// Keeps what the operator must know and the caller must not; the log has it, with the id of
    /// the request that the caller can quote.
    pub(super) fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// What is for the log only.
    pub(super) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Says when to come back.
    pub(super) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Says how to authenticate (RFC 6750 section 3).
    pub(super) fn challenge(mut self, challenge: &'static str) -> Self {
        self.www_authenticate = Some(challenge);
        self
    }

    /// Says which methods the path takes (RFC 9110 section 15.5.6).
    pub(super) fn allow(mut self, methods: impl Into<String>) -> Self {
        self.allow = Some(methods.into());
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn body(&self) -> &wire::Problem {
        &self.body
    }

    /// The answer, for the request of this id.
    pub(super) fn respond(&self, request_id: Option<&str>) -> HttpResponse {
        let request_id = request_id.map(str::to_owned);
        let body = wire::Problem { request_id, ..(*self.body).clone() };
        self.head(self.status).content_type("application/problem+json").json(body)
    }

    /// Status and headers, for a body of another form.
    pub(super) fn head(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(challenge) = self.www_authenticate {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Some(methods) = &self.allow {
            response.insert_header((header::ALLOW, methods.as_str()));
        }
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.body.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// `request.rs` makes the answer, once it is on its way out and the request's id is at hand.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status)
    }
}
