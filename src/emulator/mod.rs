//! What would a cloud's metadata service answer? The same, signed with throw-away keys.
//!
//! For demonstrations and tests: whoever trusts an emulator's keys believes whatever its owner
//! writes. Knows nothing of brokers and shares no code with the verifier, so that one of them can
//! test the other.

pub mod asn1;
pub mod aws;
pub mod azure;
pub mod google;
mod keep;
mod machine;
mod server;

pub use keep::{KeepError, Keys};
pub use machine::Machine;
pub use server::{Emulator, EmulatorError};
