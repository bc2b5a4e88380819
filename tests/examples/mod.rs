//! Do the examples hold together?

mod templates;
mod terraform;
