//! Whose turn it is, as it is on record: the one row of `retention_run`.

use entity::retention_run;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;

use crate::retention::RetentionError;
use crate::retention::rule::Standing;

/// The id of the one row.
const THE_RUN: &str = "run";

/// What is on record, if anybody has looked before.
pub(super) async fn standing(
    connection: &impl ConnectionTrait,
) -> Result<Option<Standing>, RetentionError> {
    let Some(row) = retention_run::Entity::find_by_id(THE_RUN).one(connection).await? else {
        return Ok(None);
    };
    let retention_run::Model { holder, held_until, as_of, ended_at, removed, .. } = row;
    let unreadable = |error: serde_json::Error| RetentionError::Unreadable(error.to_string());
    let removed = serde_json::from_value(removed).map_err(unreadable)?;
    Ok(Some(Standing { holder, held_until, as_of, ended_at, removed }))
}

/// Puts this on record in place of what was there.
pub(super) async fn note(
    connection: &impl ConnectionTrait,
    standing: Standing,
) -> Result<(), RetentionError> {
    use retention_run::Column;
    let Standing { holder, held_until, as_of, ended_at, removed } = standing;
    let row = retention_run::ActiveModel {
        id: Set(THE_RUN.to_owned()),
        holder: Set(holder),
        held_until: Set(held_until),
        as_of: Set(as_of),
        ended_at: Set(ended_at),
        removed: Set(json!(removed)),
    };
    let instead = OnConflict::column(Column::Id)
        .update_columns([
            Column::Holder,
            Column::HeldUntil,
            Column::AsOf,
            Column::EndedAt,
            Column::Removed,
        ])
        .to_owned();
    let insert = retention_run::Entity::insert(row).on_conflict(instead);
    insert.exec_without_returning(connection).await?;
    Ok(())
}
