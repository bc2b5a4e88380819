//! What do several rooms' tests need?

pub mod address;
pub mod azure;
pub mod broker;
pub mod clock;
pub mod database;
pub mod door;
pub mod http;
pub mod key_server;
pub mod log;
pub mod machine;
pub mod meanwhile;
pub mod network;
pub mod patience;
pub mod probe;
pub mod process;
pub mod program;
pub mod raw;
pub mod rows;
pub mod vectors;
