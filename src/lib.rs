//! callsign: an auth broker for agents that share one cloud machine.
//!
//! The way of a login, as types: an HTTP request carries an `IdentityProof` (untrusted), which
//! becomes a `VerifiedInstance`, then an `Agent`, then a `MintedToken`, then a record on disk; only
//! then an answer leaves. `broker/authenticate.rs` is that sentence as code. ARCHITECTURE.md is
//! the map.

pub mod clock;
pub mod duration;
pub mod mailbox;
pub mod metrics;
pub mod names;
pub mod tls;
pub mod wire;

pub mod registration;

pub mod config;
pub mod database;
pub mod telemetry;

pub mod event;
pub mod identity;

pub mod directory;

pub mod token;

pub mod broker;

pub mod http;

pub mod service;

pub mod client;
pub mod emulator;
pub mod sidecar;

pub mod cli;
