//! What do several rooms' tests need?

pub mod vectors;
