//! What a table that grows needs: indexes that lead to what is over, to what still refers to it and
//! to what came from the configuration; one row that says whose turn it is to remove; and until
//! when a cloud's retired registrations were removed.

use sea_orm_migration::prelude::*;

use crate::statements::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &DOWN).await
    }
}

const UP: [&str; 7] = [
    // A resource that goes is looked for in all agents, and an agent in all parents. SQLite and
    // PostgreSQL ask by equality, so that the second index needs no row without a parent.
    "CREATE INDEX agent_resource ON agent (resource_id)",
    "CREATE INDEX agent_parent ON agent (parent_id) WHERE parent_id IS NOT NULL",
    // Those that wait for their removal, oldest first. Live rows are in neither.
    "CREATE INDEX agent_retired ON agent (retired_at) WHERE retired_at IS NOT NULL",
    "CREATE INDEX resource_retired ON resource (provider, retired_at)
        WHERE retired_at IS NOT NULL",
    // Those that came from the configuration, among any number of others: each start looks.
    "CREATE INDEX resource_live_origin ON resource (origin) WHERE retired_at IS NULL",
    "CREATE TABLE retention_run (
        id {text} NOT NULL PRIMARY KEY,
        holder {uuid},
        held_until {time},
        as_of {time} NOT NULL,
        ended_at {time} NOT NULL,
        removed {json} NOT NULL
    )",
    "CREATE TABLE forgotten (
        provider {text} NOT NULL PRIMARY KEY,
        retired_until {time} NOT NULL
    )",
];

const DOWN: [&str; 7] = [
    "DROP TABLE forgotten",
    "DROP TABLE retention_run",
    "DROP INDEX resource_live_origin",
    "DROP INDEX resource_retired",
    "DROP INDEX agent_retired",
    "DROP INDEX agent_parent",
    "DROP INDEX agent_resource",
];
