//! The challenges that were answered of late: none counts twice.

use sea_orm::entity::prelude::*;

/// A row of `answered_challenge`, written with the record of the token that the answer led to. It
/// is of no use any more when it expires.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "answered_challenge")]
pub struct Model {
    /// The cloud whose proof answered it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    /// The machine whose proof answered it: others may have been given the same ten digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance_id: String,
    /// The challenge's ten digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub nonce: String,
    /// The `jti` of the token that the answer led to. No foreign key: the record of a token may go
    /// before this does, and must not take it along.
    pub token_id: Uuid,
    /// When no broker would take the answer any more, whatever is on record.
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
