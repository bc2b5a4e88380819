//! What was the broker told? Defaults, files and environment, checked as a whole before anything
//! starts.
//!
//! The way of a configuration: each layer becomes a `tree` whose nodes know their file and line;
//! `schema`, which is `config/default.toml` itself, refuses keys and types that do not exist;
//! `layers` lays them upon each other; and each section reads its own keys through `reader`
//! into its typed form. Nobody stops at the first fault: all of them are gathered in `problem`
//! and come out together as [`ConfigErrors`].
//!
//! A new key is a line in `config/default.toml`, a field in its section, and a line each in its
//! `read` and `show`; the compiler and `tests` ask for whichever is forgotten.
//!
//! Knows names, and no other room: it opens no trust file, no key file and no database.

mod agent;
mod aws;
mod azure;
mod database;
mod declared;
mod demand;
mod enrolment;
mod environment;
mod google;
mod http;
mod identity;
mod json;
mod layers;
mod limits;
mod log;
mod nearest;
mod operator;
mod percent;
mod problem;
mod reader;
mod resource;
mod retention;
mod schema;
mod show;
mod token;
mod tree;
mod trust;
mod url;
mod words;

pub use aws::{Aws, AwsKind};
pub use azure::{Azure, AzureCloud};
pub use database::Database;
pub use declared::declared;
pub use demand::Demand;
pub use google::Google;
pub use http::Http;
pub use identity::{Identity, MOST_LEEWAY};
pub use layers::Config;
pub use limits::Limits;
pub use log::{Log, LogFormat};
pub use operator::{Operator, Scope};
pub use problem::{ConfigErrors, Origin, Problem};
pub use retention::Retention;
pub use show::{Effective, Setting};
pub use token::{LONGEST_LIFETIME, Token};
pub use trust::TrustSource;

#[cfg(test)]
mod tests;
