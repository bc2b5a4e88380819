//! A service on actix-web that lets agents in by their session tokens.
//!
//! ```sh
//! cargo run --example service -- https://callsign.example
//! curl -H "Authorization: Bearer $(callsign login --agent-name main)" http://127.0.0.1:8080/whoami
//! ```

use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::{ErrorInternalServerError, InternalError};
use actix_web::http::header;
use actix_web::web::{Data, get};
use actix_web::{App, FromRequest, HttpRequest, HttpResponse, HttpServer};
use callsign::clock::Clock;
use callsign::verify::{TokenVerifier, VerifiedToken, VerifyError};

/// What the broker's tokens are for; a service may have an audience of its own (`token.audience`).
const AUDIENCE: &str = "callsign";

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let broker = std::env::args().nth(1).ok_or("which broker? Give its public URL.")?;
    // One for the whole service: its clones share the keys.
    let verifier = Data::new(TokenVerifier::new(&broker, AUDIENCE, Clock::system())?);
    let app = move || App::new().app_data(verifier.clone()).route("/whoami", get().to(who_am_i));
    HttpServer::new(app).bind(("127.0.0.1", 8080))?.run().await?;
    Ok(())
}

/// A handler that takes an [`Agent`] is never called without a good token.
async fn who_am_i(Agent(token): Agent) -> String {
    format!("{} on {}\n", token.agent_name(), token.resource().name)
}

/// The agent that makes the request.
struct Agent(VerifiedToken);

impl FromRequest for Agent {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let verifier = request.app_data::<Data<TokenVerifier>>().cloned();
        let token = bearer(request);
        Box::pin(async move {
            let verifier = verifier.ok_or_else(|| ErrorInternalServerError("no verifier"))?;
            let token = token.ok_or_else(|| rejected("no token"))?;
            verifier.verify(&token).await.map(Self).map_err(refusal)
        })
    }
}

/// The token of the request (RFC 6750 section 2.1).
fn bearer(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The reason is for the log: a caller learns whether to get another token, or to come back.
fn refusal(error: VerifyError) -> actix_web::Error {
    match error {
        VerifyError::Invalid(reason) => rejected(reason),
        VerifyError::NoKeys(_) => {
            let answer = HttpResponse::ServiceUnavailable().finish();
            InternalError::from_response(error, answer).into()
        }
    }
}

fn rejected(reason: impl Debug + Display + 'static) -> actix_web::Error {
    let answer = HttpResponse::Unauthorized()
        .insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""))
        .finish();
    InternalError::from_response(reason, answer).into()
}
