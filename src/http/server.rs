//! How is the front door opened? Routes, workers, limits, and an orderly end.

use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer, Resource};

use super::connections::{Connections, give_up_on_unread};
use super::error::not_enabled;
use super::problem::Problem;
use super::{
    agents, challenge, compat, health, login, me, metrics, openapi, request, resources, sub_agents,
    well_known,
};
use crate::broker::Broker;
use crate::broker::operators::Operators;
use crate::database::Database;
use crate::names::Provider;
use crate::token::jwks::JwkSet;

/// What every handler has at hand.
#[derive(Clone, Debug)]
pub struct Front {
    /// The flow.
    pub broker: Broker,
    /// For the sign of life that `/readyz` asks for.
    pub database: Database,
    /// The published keys.
    pub jwks: JwkSet,
    /// The `iss` of every token.
    pub issuer: String,
    /// Where callers find this broker.
    pub public_url: String,
    /// The providers that are switched on.
    pub providers: Vec<Provider>,
    /// Who may see and change registrations.
    pub operators: Operators,
}

impl Front {
    /// Refuses a provider that is not switched on.
    pub(super) fn require(&self, provider: Provider) -> Result<(), Problem> {
        if self.providers.contains(&provider) { Ok(()) } else { Err(not_enabled(provider)) }
    }
}

/// How the front door is set up.
#[derive(Clone, Copy, Debug)]
pub struct ServeSettings {
    /// Threads that serve requests; 0: one per core.
    pub workers: usize,
    /// How long requests under way may take when the broker stops.
    pub grace: Duration,
    /// The most connections; 0: as many as this process may have.
    pub connections: usize,
    /// How long it waits for callers.
    pub patience: Patience,
}

/// How long a caller may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// To send the head of its first request.
    pub head: Duration,
    /// To send a body.
    pub body: Duration,
    /// To take anything of what it was sent: who asks and never reads would hold its connection for
    /// ever.
    pub unread: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { head: seconds(10), body: seconds(10), unread: seconds(30) }
    }
}

/// How long an idle connection is kept: longer than the usual load balancer's 60 seconds, so that
/// it closes first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Serves on this listener, until the server's handle stops it. `front` is asked once on each
/// thread that serves.
///
/// # Errors
/// What the system has against the listener.
pub fn serve(
    front: impl Fn() -> Front + Clone + Send + 'static,
    listener: TcpListener,
    settings: ServeSettings,
) -> std::io::Result<Server> {
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = if settings.workers > 0 { settings.workers } else { cores() };
    let connections = match settings.connections {
        0 => Connections::of_this_process(threads),
        most => Connections::at_most(most),
    };
    let unread = settings.patience.unread;
    let most = connections.by_thread(threads);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(front()))
            .app_data(Data::new(settings))
            .configure(routes)
            .default_service(web::to(not_found))
            .wrap(from_fn(request::observe))
    })
    .workers(threads)
    .max_connections(most)
    .on_connect(move |connection, data| {
        connections.count(data);
        give_up_on_unread(connection, unread);
    })
    .client_request_timeout(settings.patience.head)
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(settings.grace.as_secs())
    .disable_signals();
    Ok(server.listen(listener)?.run())
}

fn routes(config: &mut ServiceConfig) {
    let post = |path| only(path, &[Method::POST]);
    let get = |path| only(path, &[Method::GET]);
    config
        .service(post("/v1/login/aws").route(web::post().to(login::aws::login)))
        .service(post("/v1/login/azure").route(web::post().to(login::azure::login)))
        .service(post("/v1/login/google").route(web::post().to(login::google::login)))
        .service(post("/v1/challenge").route(web::post().to(challenge::give)))
        .service(get("/v1/agents/me").route(web::get().to(me::show)))
        .service(post("/v1/agents/me/heartbeat").route(web::post().to(me::heartbeat)))
        .service(
            post("/v1/agents/me/sub-agents/{name}/token").route(web::post().to(sub_agents::token)),
        )
        .service(get("/v1/agents").route(web::get().to(agents::list)))
        .service(get("/v1/agents/{id}").route(web::get().to(agents::show)))
        .service(get("/v1/resources").route(web::get().to(resources::list)))
        .service(get("/v1/resources/{id}").route(web::get().to(resources::show)))
        .service(
            // An instance id may hold a slash.
            only(
                "/v1/resources/{provider}/{instance_id:.*}",
                &[Method::GET, Method::PUT, Method::DELETE],
            )
            .route(web::get().to(resources::find))
            .route(web::put().to(resources::put))
            .route(web::delete().to(resources::delete)),
        )
        .service(get("/.well-known/jwks.json").route(web::get().to(well_known::jwks)))
        .service(
            get("/.well-known/oauth-authorization-server")
                .route(web::get().to(well_known::authorization_server)),
        )
        .service(
            get("/.well-known/openid-configuration")
                .route(web::get().to(well_known::openid_configuration)),
        )
        .service(get("/healthz").route(web::get().to(health::healthz)))
        .service(get("/readyz").route(web::get().to(health::readyz)))
        .service(get("/metrics").route(web::get().to(metrics::show)))
        .service(get("/openapi.json").route(web::get().to(openapi::show)))
        .configure(compat::routes);
}

/// A path that takes these methods; any other is told so.
fn only(path: &str, methods: &[Method]) -> Resource {
    let problem = wrong_method(methods);
    web::resource(path.to_owned()).default_service(web::to(move || {
        let problem = problem.clone();
        async move { Err::<HttpResponse, Problem>(problem) }
    }))
}

/// What is told to a request of another method than these.
pub(super) fn wrong_method(allowed: &[Method]) -> Problem {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let allowed = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    let detail = format!("This path takes {allowed} only.");
    Problem::new(status, "method-not-allowed", "This method is not offered", detail).allow(allowed)
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "There is nothing here",
        "GET /openapi.json lists what there is.",
    ))
}
