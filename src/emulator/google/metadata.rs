//! How does Google's metadata service answer? Only to who says `Metadata-Flavor: Google`.
//!
//! That header, and the refusal of whatever passed a proxy, keep a program that can be talked into
//! fetching URLs from fetching these. The rules are those of "About VM metadata" and "Verifying the
//! identity of instances" in the Compute Engine documentation.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Deserialize;

use super::signer::GoogleSigner;
use super::token::{Detail, GoogleMachine};
use crate::clock::Clock;

const FLAVOR: (&str, &str) = ("Metadata-Flavor", "Google");

/// One machine's metadata.
#[derive(Debug)]
pub struct GoogleMetadata {
    machine: GoogleMachine,
    signer: GoogleSigner,
    clock: Clock,
}

impl GoogleMetadata {
    /// The metadata of a machine, its tokens signed by this signer when they are asked for.
    pub fn new(signer: GoogleSigner, machine: GoogleMachine, clock: Clock) -> Self {
        Self { machine, signer, clock }
    }

    /// The text at a path below `/computeMetadata/v1/`.
    fn text(&self, path: &str) -> Option<String> {
        let GoogleMachine { project_id, zone, instance_id, .. } = &self.machine;
        match path {
            "instance/id" => Some(instance_id.to_string()),
            "instance/zone" => Some(format!("projects/{project_id}/zones/{zone}")),
            "project/project-id" => Some(project_id.clone()),
            "instance/service-accounts/" => Some("default/\n".to_owned()),
            _ => None,
        }
    }
}

/// What may be asked of an identity token.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    audience: String,
    #[serde(default)]
    format: String,
}

/// The paths of Google's metadata service.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(root))
        .route(
            "/computeMetadata/v1/instance/service-accounts/default/identity",
            web::get().to(identity),
        )
        .route("/computeMetadata/v1/{path:.*}", web::get().to(show));
}

/// By this answer's header, programs tell that they run on Google's machines.
async fn root() -> HttpResponse {
    answer(StatusCode::OK).content_type("application/text").body("computeMetadata/\n")
}

async fn show(
    metadata: Data<GoogleMetadata>,
    request: HttpRequest,
    path: Path<String>,
) -> HttpResponse {
    if let Some(refused) = refused(&request) {
        return refused;
    }
    match metadata.text(&path) {
        Some(text) => answer(StatusCode::OK).content_type("application/text").body(text),
        None => error(StatusCode::NOT_FOUND, "The requested URL was not found on this server."),
    }
}

async fn identity(
    metadata: Data<GoogleMetadata>,
    request: HttpRequest,
    wanted: Query<Wanted>,
) -> HttpResponse {
    if let Some(refused) = refused(&request) {
        return refused;
    }
    let detail = match wanted.format.as_str() {
        "" | "standard" => Detail::Standard,
        "full" => Detail::Full,
        _ => return plain(StatusCode::BAD_REQUEST, "format parameter must be standard or full"),
    };
    if wanted.audience.is_empty() {
        return plain(StatusCode::BAD_REQUEST, "non-empty audience parameter required");
    }
    let GoogleMetadata { machine, signer, clock } = metadata.get_ref();
    match signer.token(machine, &wanted.audience, detail, clock.now()) {
        Ok(token) => answer(StatusCode::OK).content_type("text/html").body(token),
        Err(failed) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
    }
}

fn refused(request: &HttpRequest) -> Option<HttpResponse> {
    let (name, value) = FLAVOR;
    if request.headers().contains_key("X-Forwarded-For") {
        let why = "Requests that passed a proxy (X-Forwarded-For) are not answered.";
        return Some(error(StatusCode::FORBIDDEN, why));
    }
    let flavor = request.headers().get(name).and_then(|flavor| flavor.to_str().ok());
    let asked_rightly = flavor.is_some_and(|flavor| flavor.eq_ignore_ascii_case(value));
    (!asked_rightly).then(|| error(StatusCode::FORBIDDEN, "Missing Metadata-Flavor:Google header."))
}

fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer.insert_header(FLAVOR).insert_header(("Server", "Metadata Server for VM"));
    answer
}

fn plain(status: StatusCode, text: &'static str) -> HttpResponse {
    answer(status).content_type("text/html").body(text)
}

/// The pages that the real one answers errors with, but for their decoration.
fn error(status: StatusCode, why: &str) -> HttpResponse {
    let (code, reason) = (status.as_u16(), status.canonical_reason().unwrap_or_default());
    let page = format!(
        "<!DOCTYPE html>\n<html lang=en>\n<title>Error {code} ({reason})!!1</title>\n<p><b>{code}.\
         </b> <ins>That’s an error.</ins>\n<p>{why}\n</html>\n"
    );
    answer(status).content_type("text/html; charset=UTF-8").body(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{InstanceId, Provider};
    use actix_web::{App, test};
    use chrono::DateTime;

    const IDENTITY: &str = "/computeMetadata/v1/instance/service-accounts/default/identity";
    /// URI, headers; status, text.
    type Row<'a> = (String, &'a [(&'a str, &'a str)], u16, &'a str);

    const PROXIED: (&str, &str) = ("X-Forwarded-For", "10.0.0.1");

    fn metadata() -> Data<GoogleMetadata> {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let machine = GoogleMachine {
            project_id: "a-project".to_owned(),
            zone: "us-east1-b".to_owned(),
            instance_id: InstanceId::parse(Provider::Google, "4242").unwrap(),
            created_at: start,
        };
        let clock = Clock::from_fn(move || start);
        Data::new(GoogleMetadata::new(GoogleSigner::generate().unwrap(), machine, clock))
    }

    #[actix::test]
    async fn it_answers_by_the_rules_of_the_metadata_server() {
        let app = test::init_service(App::new().app_data(metadata()).configure(routes)).await;
        let path = |path: &str| format!("/computeMetadata/v1/{path}");
        let (id, full) = (path("instance/id"), format!("{IDENTITY}?audience=a&format=full"));
        let table: [Row<'_>; 12] = [
            ("/".to_owned(), &[], 200, "computeMetadata/"),
            (id.clone(), &[], 403, "Missing Metadata-Flavor:Google header."),
            (id.clone(), &[("Metadata-Flavor", "AWS")], 403, "Missing Metadata-Flavor"),
            (id.clone(), &[FLAVOR, PROXIED], 403, "X-Forwarded-For"),
            (id, &[FLAVOR], 200, "4242"),
            (path("instance/zone"), &[FLAVOR], 200, "projects/a-project/zones/us-east1-b"),
            (path("project/project-id"), &[FLAVOR], 200, "a-project"),
            (path("nothing"), &[FLAVOR], 404, "not found"),
            (IDENTITY.to_owned(), &[FLAVOR], 400, "non-empty audience parameter required"),
            (format!("{IDENTITY}?audience=a&format=x"), &[FLAVOR], 400, "standard or full"),
            (full.clone(), &[], 403, "Missing Metadata-Flavor"),
            (full, &[FLAVOR], 200, "eyJ"),
        ];
        for (uri, headers, status, text) in table {
            let mut request = test::TestRequest::get().uri(&uri);
            for header in headers {
                request = request.insert_header(*header);
            }
            let response = test::call_service(&app, request.to_request()).await;
            assert_eq!(response.status().as_u16(), status, "{uri} {headers:?}");
            assert_eq!(response.headers().get("Metadata-Flavor").unwrap(), "Google", "{uri}");
            let body = test::read_body(response).await;
            let body = String::from_utf8_lossy(&body);
            assert!(body.contains(text), "{uri}: {body}");
        }
    }
}
