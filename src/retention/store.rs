//! How is it removed? A batch at a time, each in a transaction of its own with the note of how much
//! is gone, so that a run that breaks off is told in full by the one that goes on.

mod due;
mod standing;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::{agent, auth_event, forgotten, issued_token, resource};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Asterisk, Expr, Func, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QuerySelect, QueryTrait as _,
};
use uuid::Uuid;

use super::RetentionError;
use super::rule::{self, CLOCKS_APART, Kind, LEASE, Standing, Task, Turn};
use crate::database::{Alone, Database};
use crate::duration::delta;
use crate::event::{self, AuthEvent, Happening, RetentionRan};
use crate::names::Provider;
use due::{due_agents, due_events, due_resources, due_tokens, held};
use standing::{note, standing};

impl From<DbErr> for RetentionError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.to_string())
    }
}

/// Begins a run, if it is this broker's turn; gives also when the last one ended. The first look of
/// all only notes the time.
pub(super) async fn begin(
    database: &Database,
    me: Uuid,
    now: DateTime<Utc>,
    interval: Duration,
) -> Result<(Turn, DateTime<Utc>), RetentionError> {
    let transaction = database.begin_alone(Alone::Retention).await?;
    let Some(mut standing) = standing(&transaction).await? else {
        let (as_of, removed) = (now, BTreeMap::new());
        let first = Standing { holder: None, held_until: None, as_of, ended_at: now, removed };
        note(&transaction, first).await?;
        transaction.commit().await?;
        return Ok((Turn::Later(now + delta(interval)), now));
    };
    let (turn, last) = (rule::turn(&standing, me, now, interval), standing.ended_at);
    if let Turn::Ours(as_of) = turn {
        (standing.holder, standing.held_until, standing.as_of) =
            (Some(me), Some(now + LEASE), as_of);
        note(&transaction, standing).await?;
        transaction.commit().await?;
    }
    Ok((turn, last))
}

/// Removes up to `rows` of what the task names, and tells how many; `None` where somebody else has
/// taken this broker's place.
pub(super) async fn remove(
    database: &Database,
    me: Uuid,
    task: Task,
    rows: u64,
    now: DateTime<Utc>,
) -> Result<Option<u64>, RetentionError> {
    let transaction = database.begin_alone(Alone::Retention).await?;
    let Some(mut standing) = standing(&transaction).await?.filter(|of| of.holder == Some(me))
    else {
        return Ok(None);
    };
    let removed = remove_from(&transaction, task, rows).await?;
    if removed > 0 {
        *standing.removed.entry(task.kind.as_str().to_owned()).or_default() += removed;
        standing.held_until = Some(now + LEASE);
        note(&transaction, standing).await?;
        transaction.commit().await?;
    }
    Ok(Some(removed))
}

/// Ends this broker's run; gives the event that tells what it removed, if anything.
pub(super) async fn end(
    database: &Database,
    me: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<AuthEvent>, RetentionError> {
    let transaction = database.begin_alone(Alone::Retention).await?;
    let Some(standing) = standing(&transaction).await?.filter(|of| of.holder == Some(me)) else {
        return Ok(None);
    };
    let Standing { as_of, removed, .. } = standing;
    let event = (!removed.is_empty()).then(|| {
        let ran = RetentionRan { removed, as_of };
        AuthEvent::new(now, None, Happening::RetentionRan(ran))
    });
    event::append(&transaction, &event).await?;
    let removed = BTreeMap::new();
    let ended = Standing { holder: None, held_until: None, as_of, ended_at: now, removed };
    note(&transaction, ended).await?;
    transaction.commit().await?;
    Ok(event)
}

/// How many rows wait for their removal; beyond `most` nobody counts.
pub(super) async fn backlog(
    database: &Database,
    task: Task,
    most: u64,
) -> Result<u64, RetentionError> {
    let due = match task.kind {
        Kind::Tokens => due_tokens(task.before).limit(most).into_query(),
        Kind::Agents => due_agents(task.before).limit(most).into_query(),
        Kind::Resources(cloud) => due_resources(cloud, task.before).limit(most).into_query(),
        Kind::AuditEvents => due_events(task.before, most),
    };
    let count = Query::select()
        .expr(Func::count(Expr::col(Asterisk)))
        .from_subquery(due, Alias::new("due"))
        .take();
    let row = database.connection().query_one(&count).await?;
    let counted: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
    Ok(counted.unsigned_abs())
}

async fn remove_from(
    transaction: &DatabaseTransaction,
    task: Task,
    rows: u64,
) -> Result<u64, RetentionError> {
    let Task { kind, before } = task;
    match kind {
        Kind::Tokens => {
            let due: Vec<Uuid> =
                held(due_tokens(before), rows).into_tuple().all(transaction).await?;
            let gone = issued_token::Entity::delete_many();
            let gone = gone.filter(issued_token::Column::Id.is_in(due));
            Ok(gone.exec(transaction).await?.rows_affected)
        }
        Kind::Agents => {
            let due: Vec<Uuid> =
                held(due_agents(before), rows).into_tuple().all(transaction).await?;
            let gone = agent::Entity::delete_many().filter(agent::Column::Id.is_in(due));
            Ok(gone.exec(transaction).await?.rows_affected)
        }
        Kind::Resources(cloud) => {
            let select = due_resources(cloud, before).column(resource::Column::RetiredAt);
            let due: Vec<(Uuid, DateTime<Utc>)> =
                held(select, rows).into_tuple().all(transaction).await?;
            forget(transaction, cloud, due.iter().map(|(_, retired)| *retired).max()).await?;
            let gone = resource::Entity::delete_many()
                .filter(resource::Column::Id.is_in(due.into_iter().map(|(id, _)| id)));
            Ok(gone.exec(transaction).await?.rows_affected)
        }
        Kind::AuditEvents => {
            let gone = auth_event::Entity::delete_many()
                .filter(auth_event::Column::Seq.in_subquery(due_events(before, rows)));
            Ok(gone.exec(transaction).await?.rows_affected)
        }
    }
}

/// Notes that registrations retired up to then are gone: a machine that was launched earlier is
/// not enrolled any more, whatever rules there will be.
async fn forget(
    connection: &impl ConnectionTrait,
    cloud: Provider,
    latest: Option<DateTime<Utc>>,
) -> Result<(), RetentionError> {
    let Some(latest) = latest else { return Ok(()) };
    let before = forgotten::Entity::find_by_id(cloud.as_str()).one(connection).await?;
    let until = latest + CLOCKS_APART;
    let until = before.map_or(until, |before| Ord::max(before.retired_until, until));
    let row = forgotten::ActiveModel {
        provider: Set(cloud.as_str().to_owned()),
        retired_until: Set(until),
    };
    let later = OnConflict::column(forgotten::Column::Provider)
        .update_column(forgotten::Column::RetiredUntil)
        .to_owned();
    let insert = forgotten::Entity::insert(row).on_conflict(later);
    insert.exec_without_returning(connection).await?;
    Ok(())
}
