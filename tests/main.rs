//! The one integration-test binary: a folder a room, each seen through its public surface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test says what it expects and fails where it is wrong"
)]

mod architecture;
mod broker;
mod challenge;
mod cli;
mod database;
mod deployment;
mod directory;
mod enrolment;
mod event;
mod examples;
mod growth;
mod http;
mod identity;
mod retention;
mod schema;
mod sidecar;
mod support;
mod token;
mod upgrade;
mod verify;
