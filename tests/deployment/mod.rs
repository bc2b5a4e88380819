//! Do the registrations follow the configuration, and only a good one?

mod plan;
mod reload;
