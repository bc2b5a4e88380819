//! How does EC2's metadata service answer? Version 2: a session token first, then the documents.
//!
//! The rules are those of the EC2 user guide, "Use the Instance Metadata Service": the token is
//! asked for by PUT with a lifetime of 1 to 21600 seconds; a PUT that passed a proxy is refused,
//! because a proxy that was tricked into forwarding is how such services are robbed; every other
//! request needs the token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, TimeDelta, Utc};

use super::document::MachineFacts;
use super::key::SigningError;
use super::signer::AwsSigner;
use crate::clock::Clock;
use crate::names::new_id;

const TTL_HEADER: &str = "X-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER: &str = "X-aws-ec2-metadata-token";
const LONGEST_TTL: i64 = 21_600;
/// Tokens that are remembered; a machine's programs hold a handful.
const MOST_TOKENS: usize = 1_000;

/// One machine's metadata.
#[derive(Debug)]
pub struct AwsMetadata {
    machine: MachineFacts,
    document: String,
    signature: String,
    rsa2048: String,
    clock: Clock,
    tokens: Mutex<HashMap<String, DateTime<Utc>>>,
}

impl AwsMetadata {
    /// The metadata of a machine that is launched now. Its documents are signed once, at launch,
    /// as EC2's are.
    ///
    /// # Errors
    /// [`SigningError`] when they cannot be signed.
    pub fn new(
        signer: &AwsSigner,
        machine: MachineFacts,
        clock: Clock,
    ) -> Result<Self, SigningError> {
        let now = clock.now();
        let document = signer.document(&machine, now);
        Ok(Self {
            signature: signer.signature(&document)?,
            rsa2048: signer.rsa2048(&document, now)?,
            document,
            machine,
            clock,
            tokens: Mutex::default(),
        })
    }

    fn issue_token(&self, seconds: i64) -> String {
        let now = self.clock.now();
        let token = format!("{}{}", new_id(now).simple(), new_id(now).simple());
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, expires_at| *expires_at > now);
        if tokens.len() < MOST_TOKENS {
            tokens.insert(token.clone(), now + TimeDelta::seconds(seconds));
        }
        token
    }

    fn is_authorised(&self, request: &HttpRequest) -> bool {
        let token = request.headers().get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        token.and_then(|token| tokens.get(token)).is_some_and(|end| *end > self.clock.now())
    }

    /// The text at a path below `/latest/`.
    fn text(&self, path: &str) -> Option<&str> {
        match path {
            "dynamic/instance-identity/document" => Some(&self.document),
            "dynamic/instance-identity/signature" => Some(&self.signature),
            "dynamic/instance-identity/rsa2048" => Some(&self.rsa2048),
            "dynamic/instance-identity" | "dynamic/instance-identity/" => {
                Some("document\nrsa2048\nsignature")
            }
            "meta-data/instance-id" => Some(self.machine.instance_id.as_str()),
            "meta-data/placement/region" => Some(&self.machine.region),
            _ => None,
        }
    }
}

/// The paths of EC2's metadata service.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/latest/api/token", web::put().to(put_token))
        .route("/latest/{path:.*}", web::get().to(show));
}

async fn put_token(metadata: Data<AwsMetadata>, request: HttpRequest) -> HttpResponse {
    if request.headers().contains_key("X-Forwarded-For") {
        return HttpResponse::new(StatusCode::FORBIDDEN);
    }
    let header = request.headers().get(TTL_HEADER).and_then(|value| value.to_str().ok());
    match header.and_then(|text| text.parse().ok()) {
        Some(seconds @ 1..=LONGEST_TTL) => HttpResponse::Ok()
            .insert_header((TTL_HEADER, seconds.to_string()))
            .content_type("text/plain")
            .body(metadata.issue_token(seconds)),
        _ => HttpResponse::new(StatusCode::BAD_REQUEST),
    }
}

async fn show(
    metadata: Data<AwsMetadata>,
    request: HttpRequest,
    path: Path<String>,
) -> HttpResponse {
    if !metadata.is_authorised(&request) {
        return HttpResponse::new(StatusCode::UNAUTHORIZED);
    }
    match metadata.text(&path) {
        Some(text) => HttpResponse::Ok().content_type("text/plain").body(text.to_owned()),
        None => HttpResponse::new(StatusCode::NOT_FOUND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{InstanceId, Provider};
    use actix_web::{App, test};

    /// Method, path, headers; status.
    type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16);

    fn metadata(clock: Clock) -> Data<AwsMetadata> {
        let machine = MachineFacts {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            instance_id: InstanceId::parse(Provider::Aws, "i-0abc").unwrap(),
        };
        let signer = AwsSigner::generate().unwrap();
        Data::new(AwsMetadata::new(&signer, machine, clock).unwrap())
    }

    #[actix::test]
    async fn it_answers_by_the_rules_of_version_2() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let metadata = metadata(Clock::from_fn(move || start));
        let token = metadata.issue_token(60);
        let app = test::init_service(App::new().app_data(metadata.clone()).configure(routes)).await;
        let authorised = [(TOKEN_HEADER, token.as_str())];
        let table: [Row<'_>; 9] = [
            ("PUT", "/latest/api/token", &[], 400),
            ("PUT", "/latest/api/token", &[(TTL_HEADER, "0")], 400),
            ("PUT", "/latest/api/token", &[(TTL_HEADER, "21601")], 400),
            ("PUT", "/latest/api/token", &[(TTL_HEADER, "60"), ("X-Forwarded-For", "a")], 403),
            ("PUT", "/latest/api/token", &[(TTL_HEADER, "60")], 200),
            ("GET", "/latest/dynamic/instance-identity/document", &[], 401),
            ("GET", "/latest/dynamic/instance-identity/document", &[(TOKEN_HEADER, "x")], 401),
            ("GET", "/latest/dynamic/instance-identity/document", &authorised, 200),
            ("GET", "/latest/meta-data/nothing", &authorised, 404),
        ];
        for (method, path, headers, status) in table {
            let mut request =
                test::TestRequest::default().method(method.parse().unwrap()).uri(path);
            for header in headers {
                request = request.insert_header(*header);
            }
            let response = test::call_service(&app, request.to_request()).await;
            assert_eq!(response.status().as_u16(), status, "{method} {path} {headers:?}");
        }
    }

    #[actix::test]
    async fn a_token_ends_with_its_lifetime() {
        let seconds = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(1_800_000_000));
        let clock = Clock::from_fn({
            let seconds = seconds.clone();
            move || {
                let seconds = seconds.load(std::sync::atomic::Ordering::Relaxed);
                DateTime::from_timestamp(seconds, 0).unwrap()
            }
        });
        let metadata = metadata(clock);
        let request = test::TestRequest::get()
            .insert_header((TOKEN_HEADER, metadata.issue_token(60)))
            .to_http_request();
        assert!(metadata.is_authorised(&request));
        seconds.fetch_add(60, std::sync::atomic::Ordering::Relaxed);
        assert!(!metadata.is_authorised(&request));
    }
}
