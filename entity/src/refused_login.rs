//! The newest refused logins.

use sea_orm::entity::prelude::*;

/// A row of `refused_login`. Anyone who reaches the broker can cause one, so the table is kept
/// short: the oldest rows make room. The audit log proper is `auth_event`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refused_login")]
pub struct Model {
    /// Place in the order of refusals.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The event's own id.
    pub id: Uuid,
    /// When it happened.
    pub at: DateTimeUtc,
    /// The request that was refused.
    pub request_id: Option<String>,
    /// The error code that was answered.
    pub code: String,
    /// All that is known of it: one JSON object.
    pub body: String,
}

impl ActiveModelBehavior for ActiveModel {}
