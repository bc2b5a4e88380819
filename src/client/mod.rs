//! How does a machine talk to the broker? A typed client, and readers of the metadata services.
//!
//! Knows the wire forms only, nothing of how the broker decides.

mod answer;
mod broker;
mod error;
mod http;
mod login;
pub mod metadata;
mod patience;
mod registration;

pub use broker::BrokerClient;
pub use error::ClientError;
pub use login::Login;
pub use patience::patiently;
pub use registration::{Converged, RegistrationClient};
/// A certificate authority that a broker's certificate may come from.
pub use reqwest::Certificate;
