//! The front door: HTTP in, the broker's flow, HTTP out. The only room that knows status codes.
//!
//! One file an endpoint: its handler, its answers, its part of the API description. `error.rs` is
//! the one map from what the broker says to what callers are told; [`compat`] serves existing
//! agent clients in their own words.

mod agents;
mod bearer;
mod body;
mod challenge;
pub mod compat;
mod connections;
mod error;
mod health;
mod listing;
mod login;
mod me;
mod metrics;
mod openapi;
mod operator;
mod problem;
mod request;
mod resources;
mod server;
mod sub_agents;
mod unread;
mod well_known;

pub use openapi::document as openapi_document;
pub use server::{Front, Patience, ServeSettings, serve};
