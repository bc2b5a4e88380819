//! Where do keys come from in a test? A server on loopback that says what the test tells it to.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};

use super::address;

/// A server of one key set.
#[derive(Debug)]
pub struct KeyServer {
    url: String,
    state: Data<State>,
    handle: ServerHandle,
}

#[derive(Debug)]
struct State {
    answer: Mutex<(u16, String, String)>,
    asked: Arc<Mutex<usize>>,
}

impl KeyServer {
    /// A server that answers with this text, to be kept for `cache_control`.
    pub fn start(text: &str, cache_control: &str) -> Self {
        let answer = Mutex::new((200, text.to_owned(), cache_control.to_owned()));
        let state = Data::new(State { answer, asked: Arc::default() });
        let listener = TcpListener::bind(address::of_ones_own()).unwrap();
        let url = format!("http://{}/certs", listener.local_addr().unwrap());
        let shared = state.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .route("/certs", web::get().to(answer_with))
                .route("/.well-known/jwks.json", web::get().to(answer_with))
        });
        let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        actix::spawn(server);
        Self { url, state, handle }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it is, as a broker.
    pub fn origin(&self) -> &str {
        self.url.trim_end_matches("/certs")
    }

    /// Answers with this from now on.
    pub fn say(&self, status: u16, text: &str, cache_control: &str) {
        *self.state.answer.lock().unwrap() = (status, text.to_owned(), cache_control.to_owned());
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        *self.state.asked.lock().unwrap()
    }

    /// Stops listening.
    pub async fn stop(&self) {
        self.handle.stop(false).await;
    }
}

async fn answer_with(state: Data<State>) -> HttpResponse {
    *state.asked.lock().unwrap() += 1;
    let (status, text, cache_control) = state.answer.lock().unwrap().clone();
    HttpResponse::build(StatusCode::from_u16(status).unwrap())
        .insert_header(("Cache-Control", cache_control))
        .insert_header(("Location", "/elsewhere"))
        .body(text)
}
