//! The routes of existing agent clients, which work here unchanged.
//!
//! They send what they always sent, read what they always read, and match on some of the
//! messages: these are spelled here, byte for byte. The decisions are those of the native routes.

pub(super) mod aws;
pub(super) mod azure;
mod body;
pub(super) mod google;
mod login;
mod problem;
mod routes;

pub(super) use problem::CompatProblem;
pub(super) use routes::routes;
