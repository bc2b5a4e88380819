//! callsign: an auth broker for agents that share one cloud machine.
//!
//! The way of a login, as types: an HTTP request carries an `IdentityProof` (untrusted), which
//! becomes a `VerifiedInstance`, then an `Agent`, then a `MintedToken`, then a record on disk; only
//! then an answer leaves. `broker/authenticate.rs` is that sentence as code. ARCHITECTURE.md is
//! the map.
//!
//! Built with the feature `agent` alone it is what runs on a machine beside its programs; with
//! `client` alone, the typed client for programs of others; with `verify` alone, what services check
//! tokens with that they receive. What is left out is gated here and nowhere else.

pub mod clock;
pub mod duration;
#[cfg(feature = "server")]
pub mod mailbox;
#[cfg(feature = "server")]
pub mod metrics;
pub mod names;
#[cfg(any(feature = "client", feature = "verify"))]
pub mod tls;
pub mod wire;

#[cfg(feature = "verify")]
pub mod fetching;
#[cfg(feature = "verify")]
pub mod verify;

#[cfg(feature = "server")]
pub mod registration;

#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod database;
#[cfg(feature = "server")]
pub mod telemetry;

#[cfg(feature = "server")]
pub mod event;
#[cfg(feature = "server")]
pub mod identity;

#[cfg(feature = "server")]
pub mod directory;

#[cfg(feature = "server")]
pub mod token;

#[cfg(feature = "server")]
pub mod retention;

#[cfg(feature = "server")]
pub mod broker;

#[cfg(feature = "server")]
pub mod http;

#[cfg(feature = "server")]
pub mod service;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod emulator;
#[cfg(feature = "agent")]
pub mod sidecar;

#[cfg(feature = "server")]
pub mod cli;
#[cfg(all(feature = "agent", not(feature = "server")))]
#[path = "cli/agent_only.rs"]
pub mod cli;
