//! How many live agents have ended. On SQLite only, which counts them by triggers.

use sea_orm::entity::prelude::*;

/// The one row of `ended_agents`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ended_agents")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Those that were retired, and those that were removed while they were live.
    pub so_far: i64,
}

impl ActiveModelBehavior for ActiveModel {}
