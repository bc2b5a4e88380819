//! A token stands and falls with its agent: no mark of its own that ends it, and no index by agent
//! to set that mark by.
//!
//! That index cost a login more than all else that it writes: agents log in in no order, so that
//! each of them changed a page of its own. The foreign key to the agent goes along with it, since
//! without an index an agent that is removed would be looked for in all records. A record whose
//! agent is gone stands for nobody.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::statements::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => run(manager, &POSTGRES_UP).await,
            _ => run(manager, &SQLITE_UP).await,
        }
    }

    /// Loses the records whose agent is gone: they would have nobody to refer to.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => run(manager, &POSTGRES_DOWN).await,
            _ => run(manager, &SQLITE_DOWN).await,
        }
    }
}

const POSTGRES_UP: [&str; 3] = [
    "ALTER TABLE issued_token DROP CONSTRAINT issued_token_agent_id_fkey",
    "DROP INDEX issued_token_agent",
    "ALTER TABLE issued_token DROP COLUMN revoked_at",
];

const POSTGRES_DOWN: [&str; 5] = [
    "ALTER TABLE issued_token ADD COLUMN revoked_at timestamptz",
    "DELETE FROM issued_token
        WHERE NOT EXISTS (SELECT 1 FROM agent WHERE agent.id = issued_token.agent_id)",
    "UPDATE issued_token SET revoked_at = agent.retired_at
        FROM agent WHERE agent.id = issued_token.agent_id",
    "ALTER TABLE issued_token ADD CONSTRAINT issued_token_agent_id_fkey
        FOREIGN KEY (agent_id) REFERENCES agent (id) ON DELETE CASCADE",
    "CREATE INDEX issued_token_agent ON issued_token (agent_id)",
];

/// SQLite drops no foreign key, so the table is made anew. Nothing refers to it.
const SQLITE_UP: [&str; 4] = [
    "CREATE TABLE issued_token_anew (
        id uuid_text NOT NULL PRIMARY KEY,
        agent_id uuid_text NOT NULL,
        key_id text NOT NULL REFERENCES signing_key (id),
        proof_kind text NOT NULL,
        issued_at timestamp_with_timezone_text NOT NULL,
        expires_at timestamp_with_timezone_text NOT NULL
    )",
    "INSERT INTO issued_token_anew
        SELECT id, agent_id, key_id, proof_kind, issued_at, expires_at
        FROM issued_token ORDER BY id",
    "DROP TABLE issued_token",
    "ALTER TABLE issued_token_anew RENAME TO issued_token",
];

const SQLITE_DOWN: [&str; 5] = [
    "CREATE TABLE issued_token_anew (
        id uuid_text NOT NULL PRIMARY KEY,
        agent_id uuid_text NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
        key_id text NOT NULL REFERENCES signing_key (id),
        proof_kind text NOT NULL,
        issued_at timestamp_with_timezone_text NOT NULL,
        expires_at timestamp_with_timezone_text NOT NULL,
        revoked_at timestamp_with_timezone_text
    )",
    "INSERT INTO issued_token_anew
        SELECT issued_token.id, agent_id, key_id, proof_kind, issued_at, expires_at, retired_at
        FROM issued_token JOIN agent ON agent.id = agent_id ORDER BY issued_token.id",
    "DROP TABLE issued_token",
    "ALTER TABLE issued_token_anew RENAME TO issued_token",
    "CREATE INDEX issued_token_agent ON issued_token (agent_id)",
];
