//! The challenges that were answered of late. The primary key is what says that each counts once;
//! the index leads to those that may go.

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
        connection.execute_unprepared("DROP TABLE answered_challenge").await.map(drop)
    }
}

const STATEMENTS: [&str; 2] = [
    "CREATE TABLE answered_challenge (
        provider {text} NOT NULL,
        instance_id {text} NOT NULL,
        nonce {text} NOT NULL,
        token_id {uuid} NOT NULL,
        expires_at {time} NOT NULL,
        PRIMARY KEY (provider, instance_id, nonce)
    )",
    "CREATE INDEX answered_challenge_expired ON answered_challenge (expires_at)",
];
