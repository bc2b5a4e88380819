//! What happened, and who is told?
//!
//! [`kinds`] names what can happen, in ids and words: never a token, never a proof. The
//! [`Recorder`](actor::Recorder) makes it durable, many requests to one commit; the [`bus`] tells
//! whoever listens, after the fact is on disk.

pub mod actor;
pub mod budget;
pub mod bus;
pub mod enrolment;
pub mod kinds;
pub mod messages;
mod store;

pub use bus::Bus;
pub use enrolment::{EnrolledAgent, Enrolment};
pub use kinds::{
    AnsweredChallenge, AuthEvent, Happening, LoginDryRun, LoginGranted, LoginRefused,
    ResourceConverged, ResourceRetired, RetentionRan, TokenDelegated,
};
pub use messages::{CheckRecording, Enrol, Heartbeat, Receipt, Record, RecordError};
pub use store::{AsOf, forget_answers};
pub(crate) use store::{append, as_of, hold_live};
