//! Who lives on that machine?
//!
//! [`selection`] decides which agent a proven machine speaks for; [`converge`] decides what must
//! change for the registrations to equal what was declared. Both are pure; `store.rs` fetches for
//! them and carries out, the [`Directory`](actor::Directory) actor serialises nothing and
//! schedules all. Of identity, this room sees the verified instance only.

pub mod actor;
pub mod converge;
pub mod enrolment;
mod lookup;
pub mod messages;
pub mod preview;
pub mod query;
pub mod rules;
pub mod selection;
mod store;
pub mod sub_agent;
pub mod view;

pub use messages::{
    ChangeRefused, Converge, Converged, DirectoryError, FileResources, FindAgent, FindSubAgent,
    ListAgents, ListResources, Retire, ShowAgent, ShowResource,
};
pub use rules::Rules;
pub use selection::{Agent, Refused};
pub use store::look_ahead;
pub use sub_agent::SubAgent;
