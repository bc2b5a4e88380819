//! The history of the schema, one step a file.
//!
//! Steps spell their tables out and share nothing with the `entity` package: an old step means
//! for ever what it meant when it was written. A test applies them all and holds the outcome
//! equal to the entities.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261124_000001_begin;
mod m20261125_000001_enrolment;
mod m20261125_000002_retention;
mod m20261125_000003_challenge;
mod m20261128_000001_live_agents;
mod m20261128_000002_token_records;
mod m20261128_000003_lookup;
mod m20261128_000004_ended_agents;
mod m20261129_000001_candidates;
mod statements;

/// Applies the steps in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_begin::Migration),
            Box::new(m20261125_000001_enrolment::Migration),
            Box::new(m20261125_000002_retention::Migration),
            Box::new(m20261125_000003_challenge::Migration),
            Box::new(m20261128_000001_live_agents::Migration),
            Box::new(m20261128_000002_token_records::Migration),
            Box::new(m20261128_000003_lookup::Migration),
            Box::new(m20261128_000004_ended_agents::Migration),
            Box::new(m20261129_000001_candidates::Migration),
        ]
    }
}
