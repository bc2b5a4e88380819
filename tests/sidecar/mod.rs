//! Does `callsign agent` keep a token, whatever happens around it? As processes, like on a machine.

mod challenge;
mod endings;
mod keeping;
mod lasting;
mod machine;
mod relay;
mod scripted;
mod storm;
mod verify;
mod whole;
