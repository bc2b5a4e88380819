//! The record of a session token: never the token.

use sea_orm::entity::prelude::*;

/// A row of `issued_token`, written before the token leaves the broker. The token is good while its
/// agent and the agent's resource are live.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "issued_token")]
pub struct Model {
    /// The token's `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The agent it speaks for.
    pub agent_id: Uuid,
    /// The `kid` of the key that signed it.
    pub key_id: String,
    /// What was proven with, as in `amr`.
    pub proof_kind: String,
    /// The token's `iat`.
    pub issued_at: DateTimeUtc,
    /// The token's `exp`.
    pub expires_at: DateTimeUtc,
    /// The agent it speaks for, while that has a row. There is no foreign key: a record whose agent
    /// is gone stands for nobody.
    #[sea_orm(belongs_to, from = "agent_id", to = "id")]
    pub agent: BelongsTo<super::agent::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
