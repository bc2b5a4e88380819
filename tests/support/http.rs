//! How do tests ask over HTTP?

/// A client that goes straight to where it is told.
pub fn client() -> reqwest::Client {
    // The second test to come here finds it installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
