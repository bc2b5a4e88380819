//! How does the client make requests? Directly, within bounds, wherever it was told to go.

use std::time::Duration;

use reqwest::{Certificate, ClientBuilder};

/// How long a connection to a broker may take to come about.
const CONNECT: Duration = Duration::from_secs(3);

/// How long a whole request to a broker may take.
const TOTAL: Duration = Duration::from_secs(15);

/// A metadata service is on the machine's own host: it answers at once or not at all.
const NEAR_CONNECT: Duration = Duration::from_secs(2);

/// Azure's may take a while to sign.
const NEAR_TOTAL: Duration = Duration::from_secs(5);

/// Requests to the broker at this URL; over TLS, its certificate must come from one of the
/// machine's authorities or one of these.
///
/// # Errors
/// What the library has against it.
pub(super) fn to_broker(
    url: &str,
    authorities: &[Certificate],
) -> Result<reqwest::Client, reqwest::Error> {
    let builder = direct().connect_timeout(CONNECT).timeout(TOTAL);
    if !url.starts_with("https:") {
        return without_tls(builder);
    }
    if authorities.is_empty() {
        return builder.tls_backend_preconfigured(crate::tls::client_config()).build();
    }
    builder.tls_certs_merge(authorities.iter().cloned()).build()
}

/// Requests to a metadata service.
///
/// # Errors
/// What the library has against it.
pub(super) fn to_metadata() -> Result<reqwest::Client, reqwest::Error> {
    without_tls(direct().connect_timeout(NEAR_CONNECT).timeout(NEAR_TOTAL))
}

/// No authorities are loaded where none are needed: a fresh machine may have none, and they take
/// memory for as long as the program runs.
fn without_tls(builder: ClientBuilder) -> Result<reqwest::Client, reqwest::Error> {
    builder.tls_certs_only([]).build()
}

/// Follows no redirect and uses no proxy: a proof must not go elsewhere.
fn direct() -> ClientBuilder {
    // rustls takes its cryptography from the process; whoever came first chose the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("callsign/", env!("CARGO_PKG_VERSION")))
}
