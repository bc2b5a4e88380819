//! What may be registered? A machine and its agents, as somebody declares them.
//!
//! A [`ResourceSpec`] is a declaration that obeys the rules, whoever made it: the configuration
//! reads it from `[[resource]]` with line numbers, the API from JSON, and both hold it to the same
//! [`rules`]. What is there already, and how it comes to equal the declaration, is the
//! directory's.

mod declaration;
mod enrolment;
mod registrar;
pub mod rules;

pub use declaration::{AgentSpec, DeclarationError, ResourceSpec};
pub use enrolment::{EnrolmentRule, Shadow, shadows};
pub use registrar::{Origin, Registrar};
