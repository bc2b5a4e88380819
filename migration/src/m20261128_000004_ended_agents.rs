//! SQLite counts the live agents that end, whoever ends them and by whatever statement. While the
//! number stays, whatever was live is live, and a commit need not look at each agent again.
//!
//! Not so PostgreSQL, where commits run side by side: each would have to hold the one row of the
//! number, and wait for all who retire something. There a commit holds its own agents.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::statements::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => run(manager, &UP).await,
            _ => Ok(()),
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => run(manager, &DOWN).await,
            _ => Ok(()),
        }
    }
}

const UP: [&str; 4] = [
    "CREATE TABLE ended_agents (
        id integer NOT NULL PRIMARY KEY CHECK (id = 1),
        so_far integer NOT NULL
    )",
    "INSERT INTO ended_agents (id, so_far) VALUES (1, 0)",
    "CREATE TRIGGER agent_ends_retired AFTER UPDATE OF retired_at ON agent
        WHEN OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL
        BEGIN UPDATE ended_agents SET so_far = so_far + 1; END",
    // With its resource as well: the engine removes it by a statement of its own.
    "CREATE TRIGGER agent_ends_removed AFTER DELETE ON agent WHEN OLD.retired_at IS NULL
        BEGIN UPDATE ended_agents SET so_far = so_far + 1; END",
];

const DOWN: [&str; 3] = [
    "DROP TRIGGER agent_ends_removed",
    "DROP TRIGGER agent_ends_retired",
    "DROP TABLE ended_agents",
];
