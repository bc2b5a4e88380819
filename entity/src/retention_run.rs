//! Whose turn it is to remove what is over, and how far that is.

use sea_orm::entity::prelude::*;

/// The one row of `retention_run`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retention_run")]
pub struct Model {
    /// Always the same.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The broker whose run is under way; empty between runs.
    pub holder: Option<Uuid>,
    /// Until when nobody else may take its place.
    pub held_until: Option<DateTimeUtc>,
    /// The time that the last run went by.
    pub as_of: DateTimeUtc,
    /// When the last run ended, or the first look was taken.
    pub ended_at: DateTimeUtc,
    /// What the run under way has removed so far: an object of numbers.
    pub removed: Json,
}

impl ActiveModelBehavior for ActiveModel {}
