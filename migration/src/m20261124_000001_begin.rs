//! The first schema: resources and their agents, signing keys, issued tokens, the audit log.
//!
//! Written as SQL that SQLite and PostgreSQL both read, because its point are partial and
//! expression indexes: they make "one live resource per instance" and "one live agent per name"
//! impossible to break, whatever the code does.

use sea_orm_migration::prelude::*;

use crate::statements::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &STATEMENTS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in
            ["refused_login", "auth_event", "issued_token", "signing_key", "agent", "resource"]
        {
            connection.execute_unprepared(&format!("DROP TABLE {table}")).await?;
        }
        Ok(())
    }
}

const STATEMENTS: [&str; 10] = [
    "CREATE TABLE resource (
        id {uuid} NOT NULL PRIMARY KEY,
        provider {text} NOT NULL,
        instance_id {text} NOT NULL,
        account {text} NOT NULL,
        name {text} NOT NULL,
        generation {text} NOT NULL,
        labels {json} NOT NULL,
        origin {text} NOT NULL CHECK (origin IN ('file', 'api')),
        created_at {time} NOT NULL,
        retired_at {time}
    )",
    // The rule that no code can break: at most one live resource per instance.
    "CREATE UNIQUE INDEX resource_live_instance ON resource (provider, instance_id)
        WHERE retired_at IS NULL",
    // Tells 410 from 404 after a miss.
    "CREATE INDEX resource_instance ON resource (provider, instance_id)",
    "CREATE TABLE agent (
        id {uuid} NOT NULL PRIMARY KEY,
        resource_id {uuid} NOT NULL REFERENCES resource (id) ON DELETE CASCADE,
        parent_id {uuid} REFERENCES agent (id) ON DELETE CASCADE,
        name {text} NOT NULL,
        last_seen_at {time},
        created_at {time} NOT NULL,
        retired_at {time}
    )",
    // The rule that no code can break: at most one live agent per name. Also the login's index.
    "CREATE UNIQUE INDEX agent_live_name ON agent (resource_id, lower(name))
        WHERE retired_at IS NULL",
    "CREATE TABLE signing_key (
        id {text} NOT NULL PRIMARY KEY,
        sealed_key {bytes} NOT NULL,
        created_at {time} NOT NULL,
        retired_at {time}
    )",
    "CREATE TABLE issued_token (
        id {uuid} NOT NULL PRIMARY KEY,
        agent_id {uuid} NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
        key_id {text} NOT NULL REFERENCES signing_key (id),
        proof_kind {text} NOT NULL,
        issued_at {time} NOT NULL,
        expires_at {time} NOT NULL,
        revoked_at {time}
    )",
    // Retiring an agent ends its tokens.
    "CREATE INDEX issued_token_agent ON issued_token (agent_id)",
    "CREATE TABLE auth_event (
        seq {serial},
        id {uuid} NOT NULL UNIQUE,
        at {time} NOT NULL,
        kind {text} NOT NULL,
        request_id {text},
        resource_id {uuid},
        agent_id {uuid},
        body {text} NOT NULL
    )",
    "CREATE TABLE refused_login (
        seq {serial},
        id {uuid} NOT NULL,
        at {time} NOT NULL,
        request_id {text},
        code {text} NOT NULL,
        body {text} NOT NULL
    )",
];
