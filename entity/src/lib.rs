//! The tables as SeaORM entities, one table a file: shape only.
//!
//! No behaviour and no conversions here: `store.rs` of each room turns rows into that room's own
//! types. The schema itself, with its constraints, is made by the `migration` package; a test holds
//! both equal.

pub mod agent;
pub mod answered_challenge;
pub mod auth_event;
pub mod candidate;
pub mod ended_agents;
pub mod forgotten;
pub mod issued_token;
pub mod refused_login;
pub mod resource;
pub mod retention_run;
pub mod signing_key;
