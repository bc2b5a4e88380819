//! `/.well-known/…`: the public keys, and how the issuer describes itself.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

use super::server::Front;
use crate::token::jwks::JwkSet;
use crate::wire::{AuthorizationServer, OpenIdConfiguration};

/// How long verifiers may keep the keys: a new key is published before it signs, for longer than
/// this.
const KEYS_FRESH: &str = "public, max-age=300";

/// The public keys that session tokens are signed with.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "issuer",
    responses((status = 200, description = "A JSON Web Key Set (RFC 7517)", body = JwkSet))
)]
pub(super) async fn jwks(front: Data<Front>) -> HttpResponse {
    cached(&front.jwks)
}

/// The issuer by RFC 8414.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    tag = "issuer",
    responses((status = 200, description = "Metadata of the issuer", body = AuthorizationServer))
)]
pub(super) async fn authorization_server(front: Data<Front>) -> HttpResponse {
    cached(&AuthorizationServer {
        issuer: front.issuer.clone(),
        jwks_uri: jwks_uri(&front),
        response_types_supported: Vec::new(),
        grant_types_supported: Vec::new(),
        service_documentation: format!("{}/openapi.json", front.public_url),
    })
}

/// The issuer by OpenID Connect Discovery.
#[utoipa::path(
    get,
    path = "/.well-known/openid-configuration",
    tag = "issuer",
    responses((status = 200, description = "Metadata of the issuer", body = OpenIdConfiguration))
)]
pub(super) async fn openid_configuration(front: Data<Front>) -> HttpResponse {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    cached(&OpenIdConfiguration {
        issuer: front.issuer.clone(),
        jwks_uri: jwks_uri(&front),
        response_types_supported: words(&["id_token"]),
        subject_types_supported: words(&["public"]),
        id_token_signing_alg_values_supported: words(&["ES256"]),
        claims_supported: words(&[
            "iss",
            "aud",
            "sub",
            "client_id",
            "iat",
            "exp",
            "jti",
            "agent_name",
            "resource",
            "instance",
            "amr",
        ]),
    })
}

fn jwks_uri(front: &Front) -> String {
    format!("{}/.well-known/jwks.json", front.public_url)
}

fn cached(body: &impl serde::Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, KEYS_FRESH)).json(body)
}
