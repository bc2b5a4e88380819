//! Does the directory find the agent that a naive reading of the rule would, and no other?

mod actor;
mod selection;
