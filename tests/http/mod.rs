//! Does the front door say what the contract says, over a real connection?

mod attacks;
mod azure;
mod bodies;
mod compat;
mod dry_run;
mod google;
mod hostile_clients;
mod limits;
mod login;
mod operations;
mod problems;
mod real_documents;
mod registration;
mod registration_at_once;
mod registration_attacks;
mod registration_model;
pub(crate) mod session;
mod sub_agents;
mod token_attacks;
mod token_kinds;
mod unavailable;
