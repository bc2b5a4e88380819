//! How does Azure's metadata service answer? Only to who says `Metadata: true`, and which version
//! of it is meant.
//!
//! The rules and texts are those of "Azure Instance Metadata Service" in Microsoft's documentation:
//! the header, and the refusal of whatever passed a proxy, keep a program that can be talked into
//! fetching URLs from fetching these.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::document::AzureMachine;
use super::signer::AzureSigner;
use crate::clock::Clock;

/// The versions that have attested documents; a real service has more, and answers the same.
const VERSIONS: [&str; 12] = [
    "2018-10-01",
    "2019-02-01",
    "2019-06-01",
    "2019-08-15",
    "2019-11-01",
    "2020-06-01",
    "2020-09-01",
    "2021-01-01",
    "2021-02-01",
    "2021-12-13",
    "2023-07-01",
    "2023-11-15",
];

/// How many digits a nonce may have.
const NONCE_LENGTH: usize = 10;

/// One machine's metadata.
#[derive(Debug)]
pub struct AzureMetadata {
    machine: AzureMachine,
    signer: AzureSigner,
    clock: Clock,
}

impl AzureMetadata {
    /// The metadata of a machine, its documents signed by this signer when they are asked for.
    pub fn new(signer: AzureSigner, machine: AzureMachine, clock: Clock) -> Self {
        Self { machine, signer, clock }
    }
}

/// What is asked for, besides the path.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default, rename = "api-version")]
    api_version: String,
    nonce: Option<String>,
}

/// The paths of Azure's metadata service.
pub fn routes(config: &mut ServiceConfig) {
    config.service(
        web::scope("/metadata")
            .route("/versions", web::get().to(versions))
            .route("/attested/document", web::get().to(attested))
            .default_service(web::to(not_found)),
    );
}

async fn versions(request: HttpRequest) -> HttpResponse {
    match without_header(&request) {
        Some(refused) => refused,
        None => HttpResponse::Ok().json(json!({ "apiVersions": VERSIONS })),
    }
}

async fn attested(
    metadata: Data<AzureMetadata>,
    request: HttpRequest,
    wanted: Query<Wanted>,
) -> HttpResponse {
    if let Some(refused) = without_header(&request).or_else(|| without_version(&wanted)) {
        return refused;
    }
    let nonce = wanted.nonce.as_deref().filter(|nonce| !nonce.is_empty());
    let digits = |nonce: &str| nonce.bytes().all(|byte| byte.is_ascii_digit());
    if nonce.is_some_and(|nonce| nonce.len() > NONCE_LENGTH || !digits(nonce)) {
        return bad_request(json!({ "error": "Bad request. Invalid nonce" }));
    }
    let AzureMetadata { machine, signer, clock } = metadata.get_ref();
    match signer.attested(machine, nonce, clock.now()) {
        Ok(signature) => {
            HttpResponse::Ok().json(json!({ "encoding": "pkcs7", "signature": signature }))
        }
        Err(failed) => HttpResponse::InternalServerError()
            .json(json!({ "error": format!("Internal error. {failed}") })),
    }
}

async fn not_found(request: HttpRequest) -> HttpResponse {
    let refused = without_header(&request);
    refused.unwrap_or_else(|| HttpResponse::NotFound().json(json!({ "error": "Not found" })))
}

fn without_header(request: &HttpRequest) -> Option<HttpResponse> {
    let header = request.headers().get("Metadata").and_then(|value| value.to_str().ok());
    let asked = header.is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if asked && !request.headers().contains_key("X-Forwarded-For") {
        return None;
    }
    let error = "Bad request. Required metadata header not specified";
    Some(bad_request(json!({ "error": error })))
}

fn without_version(wanted: &Wanted) -> Option<HttpResponse> {
    if VERSIONS.contains(&wanted.api_version.as_str()) {
        return None;
    }
    let newest: Vec<&str> = VERSIONS.iter().rev().take(3).copied().collect();
    let error = "Bad request. api-version is invalid or was not specified in the request. For more \
                 information refer to aka.ms/azureimds";
    Some(bad_request(json!({ "error": error, "newest-versions": newest })))
}

fn bad_request(body: Value) -> HttpResponse {
    HttpResponse::build(StatusCode::BAD_REQUEST).json(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{InstanceId, Provider};
    use actix_web::{App, test};
    use chrono::DateTime;

    const DOCUMENT: &str = "/metadata/attested/document";

    fn metadata() -> Data<AzureMetadata> {
        let vm_id = "02aab8a4-74ef-476e-8182-f6d2ba4166a6";
        let machine = AzureMachine {
            subscription_id: "8d10da13-8125-4ba9-a717-bf7490507b3d".to_owned(),
            region: "eastus".to_owned(),
            vm_id: InstanceId::parse(Provider::Azure, vm_id).unwrap(),
            domain: "metadata.azure.com".to_owned(),
        };
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Clock::from_fn(move || now);
        Data::new(AzureMetadata::new(AzureSigner::generate().unwrap(), machine, clock))
    }

    #[actix::test]
    async fn it_answers_by_the_rules_of_header_version_and_nonce() {
        let app = test::init_service(App::new().app_data(metadata()).configure(routes)).await;
        let good = ("Metadata", "true");
        let header = "Bad request. Required metadata header not specified";
        let table = [
            ("/attested/document?api-version=2020-09-01", vec![], 400, header),
            ("/attested/document?api-version=2020-09-01", vec![("Metadata", "false")], 400, header),
            (
                "/attested/document?api-version=2020-09-01",
                vec![good, ("X-Forwarded-For", "10.0.0.1")],
                400,
                header,
            ),
            ("/attested/document", vec![good], 400, "newest-versions"),
            ("/attested/document?api-version=2017-04-02", vec![good], 400, "newest-versions"),
            ("/attested/document?api-version=2020-09-01", vec![good], 200, "\"pkcs7\""),
            (
                "/attested/document?api-version=2020-09-01&nonce=1234567890",
                vec![good],
                200,
                "\"signature\"",
            ),
            (
                "/attested/document?api-version=2020-09-01&nonce=12345678901",
                vec![good],
                400,
                "nonce",
            ),
            ("/attested/document?api-version=2020-09-01&nonce=abc", vec![good], 400, "nonce"),
            ("/versions", vec![good], 200, "apiVersions"),
            ("/nothing", vec![good], 404, "Not found"),
            ("/nothing", vec![], 400, header),
        ];
        for (path, headers, status, text) in table {
            let mut request = test::TestRequest::get().uri(&format!("/metadata{path}"));
            for header in headers {
                request = request.insert_header(header);
            }
            let response = test::call_service(&app, request.to_request()).await;
            assert_eq!(response.status().as_u16(), status, "{path}");
            let body = String::from_utf8(test::read_body(response).await.to_vec()).unwrap();
            assert!(body.contains(text), "{path}: {body}");
        }
        let request = test::TestRequest::post().uri(DOCUMENT).insert_header(good).to_request();
        assert_eq!(test::call_service(&app, request).await.status().as_u16(), 404);
    }
}
