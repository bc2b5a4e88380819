//! Does the front door say what the contract says, over a real connection?

mod limits;
mod login;
