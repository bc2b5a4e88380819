//! An index that leads a login to the live root agents of its machine, and past those that have
//! ended: it reads none of them, and not the table either.
//!
//! It takes the place of the index by resource alone, which the foreign key needs and which SQLite
//! would go by: that one is narrower than any index of live rows, and has all that ever were.

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

const UP: [&str; 2] = [
    "DROP INDEX agent_resource",
    "CREATE INDEX agent_of_resource ON agent (resource_id, retired_at, parent_id, id, name)",
];

const DOWN: [&str; 2] =
    ["DROP INDEX agent_of_resource", "CREATE INDEX agent_resource ON agent (resource_id)"];
