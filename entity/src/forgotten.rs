//! Until when retired registrations of a cloud's machines were removed.

use sea_orm::entity::prelude::*;

/// A row of `forgotten`, one a cloud. A machine that was launched before this time may be one whose
/// registration was retired and removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forgotten")]
pub struct Model {
    /// `aws`, `azure` or `google`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    /// The latest retirement among those removed, and what clocks may be apart.
    pub retired_until: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
