//! What do several rooms' tests need?

#![allow(dead_code, reason = "some of it is there for tests that come later")]

pub mod azure;
pub mod broker;
pub mod clock;
pub mod database;
pub mod door;
pub mod key_server;
pub mod log;
pub mod machine;
pub mod probe;
pub mod process;
pub mod raw;
pub mod rows;
pub mod vectors;
