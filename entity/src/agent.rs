//! One program registered on a resource.

use sea_orm::entity::prelude::*;

/// A row of `agent`. At most one row that is not retired per (resource, name in lower case).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agent")]
pub struct Model {
    /// Given at registration; never used again.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The resource it lives on.
    pub resource_id: Uuid,
    /// The agent it belongs to; empty for a root agent.
    pub parent_id: Option<Uuid>,
    /// The name that selects it.
    pub name: String,
    /// Its last heartbeat.
    pub last_seen_at: Option<DateTimeUtc>,
    /// When it was registered.
    pub created_at: DateTimeUtc,
    /// When it ended; empty while it is live.
    pub retired_at: Option<DateTimeUtc>,
    /// The resource it lives on.
    #[sea_orm(belongs_to, from = "resource_id", to = "id")]
    pub resource: BelongsTo<super::resource::Entity>,
    /// The tokens it was given.
    #[sea_orm(has_many)]
    pub tokens: HasMany<super::issued_token::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
