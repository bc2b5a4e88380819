//! The audit log: what callsign did, in the order in which it became durable.

use sea_orm::entity::prelude::*;

/// A row of `auth_event`. Rows are only ever added, so that a hash chain can run over them.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "auth_event")]
pub struct Model {
    /// Place in the log; a subscriber remembers the last one it saw.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The event's own id.
    pub id: Uuid,
    /// When it happened.
    pub at: DateTimeUtc,
    /// What happened, as in `event/kinds.rs`.
    pub kind: String,
    /// The request that led to it.
    pub request_id: Option<String>,
    /// The resource it is about.
    pub resource_id: Option<Uuid>,
    /// The agent it is about.
    pub agent_id: Option<Uuid>,
    /// All that is known of it: one JSON object, written once and never formatted again.
    pub body: String,
}

impl ActiveModelBehavior for ActiveModel {}
