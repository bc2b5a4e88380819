//! How does the client make requests? Directly, within bounds, wherever it was told to go.

use std::time::Duration;

/// How long a connection may take to come about: brokers and metadata services are near.
const CONNECT: Duration = Duration::from_secs(3);

/// How long a whole request may take.
const TOTAL: Duration = Duration::from_secs(15);

/// An HTTP client that follows no redirect and uses no proxy: a proof must not go elsewhere.
///
/// # Errors
/// What the library has against it.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    // rustls takes its cryptography from the process; whoever came first chose the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .user_agent(concat!("callsign/", env!("CARGO_PKG_VERSION")))
        .build()
}
