//! A third origin of resources: those that an enrolment rule registered.
//!
//! The check of `origin` grows by a word. PostgreSQL swaps the constraint. SQLite cannot, and its
//! usual way, a new table in the place of the old one, is not safe here: dropping `resource` while
//! foreign keys are on would take every agent along, and they cannot be switched off within the
//! transaction that a migration runs in. So there the column itself is swapped.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        swap(manager, "'file', 'api', 'enrolment'").await
    }

    /// Fails where something was enrolled: it would have no origin to go back to.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        swap(manager, "'file', 'api'").await
    }
}

async fn swap(manager: &SchemaManager<'_>, words: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let statements = match manager.get_database_backend() {
        DbBackend::Postgres => POSTGRES,
        _ => SQLITE,
    };
    for statement in statements {
        connection.execute_unprepared(&statement.replace("{words}", words)).await?;
    }
    Ok(())
}

const POSTGRES: &[&str] = &[
    "ALTER TABLE resource DROP CONSTRAINT resource_origin_check",
    "ALTER TABLE resource ADD CONSTRAINT resource_origin_check CHECK (origin IN ({words}))",
];

const SQLITE: &[&str] = &[
    // SQLite asks for a default of a column that is added and not null. Nothing relies on it; a
    // row that got it by mistake would be the configuration's, whose next reload retires it.
    "ALTER TABLE resource ADD COLUMN origin_anew text NOT NULL DEFAULT 'file'
        CHECK (origin_anew IN ({words}))",
    "UPDATE resource SET origin_anew = origin",
    "ALTER TABLE resource DROP COLUMN origin",
    "ALTER TABLE resource RENAME COLUMN origin_anew TO origin",
];
