//! One registration of one cloud instance.

use sea_orm::entity::prelude::*;

/// A row of `resource`. At most one row that is not retired per (provider, instance id).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resource")]
pub struct Model {
    /// Given at registration; never used again.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `aws`, `azure` or `google`.
    pub provider: String,
    /// The cloud's id of the machine; Azure's in lower case.
    pub instance_id: String,
    /// The account, subscription or project that must be proven; empty: any.
    pub account: String,
    /// What people call it.
    pub name: String,
    /// Which build of the machine this is; another generation is another row.
    pub generation: String,
    /// Free labels, an object of texts.
    pub labels: Json,
    /// Who registered it: `file`, `api` or `enrolment`.
    pub origin: String,
    /// When this registration began.
    pub created_at: DateTimeUtc,
    /// When it ended; empty while it is live.
    pub retired_at: Option<DateTimeUtc>,
    /// Its agents, live and retired.
    #[sea_orm(has_many)]
    pub agents: HasMany<super::agent::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
