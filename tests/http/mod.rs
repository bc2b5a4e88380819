//! Does the front door say what the contract says, over a real connection?

mod bodies;
mod compat;
mod limits;
mod login;
mod operations;
mod problems;
mod real_documents;
mod registration;
mod session;
mod token_attacks;
mod unavailable;
