//! `callsign agent`: how does a program on the machine always have a token? By somebody beside it
//! who logs in, writes the token to a file, renews it, and tells the broker that all is well.
//!
//! [`watch`] decides, as a function of what happened and when; [`run()`] does what it says. Knows the
//! client, nothing of how the broker decides.

pub mod backoff;
mod error;
mod keeper;
mod program;
pub mod renewal;
pub mod run;
pub mod settings;
mod signals;
pub mod skew;
pub mod status;
pub mod token_file;
pub mod watch;
pub mod weight;

pub use error::SidecarError;
pub use run::{Ending, run};
pub use settings::{Cloud, Settings};
