//! What is over for long enough to be removed, and who removes it?
//!
//! [`rule`] decides, as pure functions of the configuration, the rules of enrolment and the time;
//! the [`Keeper`] runs in the background, in batches that no login waits for, and of all brokers
//! on one database only one at a time. Nothing that is live is ever touched, whatever the clock
//! says: what is removed has ended, by its own row, and nothing refers to it any more.

mod keeper;
pub mod rule;
mod store;

pub use keeper::{Keeper, Pace, Parts};

/// Why a run did not end. Nothing is lost: the next one goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetentionError {
    /// The database refused, or is away.
    #[error("the database did not remove what is over: {0}")]
    Database(String),
    /// The row that says whose turn it is cannot be read.
    #[error("the record of the last run cannot be read: {0}")]
    Unreadable(String),
}
