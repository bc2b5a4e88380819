//! An index that answers a login's question for its machine's registration without a look into the
//! table.
//!
//! The unique index goes by one expression, which no question asks for: SQLite would take it for
//! every lookup, because it leads to one row at most, and then read that row from the table. No
//! cloud's name holds a space, so that no two machines share a text.

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

const UP: [&str; 4] = [
    "DROP INDEX resource_instance",
    "DROP INDEX resource_live_instance",
    "CREATE INDEX resource_of_instance
        ON resource (provider, instance_id, retired_at, id, name, account)",
    // The rule that no code can break: at most one live resource per instance.
    "CREATE UNIQUE INDEX resource_live_instance ON resource ((provider || ' ' || instance_id))
        WHERE retired_at IS NULL",
];

const DOWN: [&str; 4] = [
    "DROP INDEX resource_live_instance",
    "DROP INDEX resource_of_instance",
    "CREATE INDEX resource_instance ON resource (provider, instance_id)",
    "CREATE UNIQUE INDEX resource_live_instance ON resource (provider, instance_id)
        WHERE retired_at IS NULL",
];
