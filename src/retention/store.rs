//! How is it removed? A batch at a time, each in a transaction of its own with the note of how much
//! is gone, so that a run that breaks off is told in full by the one that goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::{agent, auth_event, forgotten, issued_token, resource, retention_run};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{
    Alias, Asterisk, Expr, Func, LockBehavior, LockType, OnConflict, Query, SelectStatement,
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, ExprTrait as _,
    QueryFilter, QueryOrder as _, QuerySelect, QueryTrait as _, Select,
};
use serde_json::json;
use uuid::Uuid;

use super::RetentionError;
use super::rule::{self, CLOCKS_APART, Kind, LEASE, LONGEST_LIFE, Standing, Task, Turn};
use crate::database::{Alone, Database};
use crate::event::{self, AuthEvent, Happening, RetentionRan};
use crate::names::{Provider, first_id};

/// The id of the one row of `retention_run`.
const THE_RUN: &str = "run";

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
        return Ok((Turn::Later(now + rule::delta(interval)), now));
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

/// The oldest of these, held so that nobody waits for them in a circle: what somebody else holds
/// is left to the next batch. SQLite has no row locks: there, the one writer is this transaction.
fn held<E: EntityTrait>(due: Select<E>, rows: u64) -> Select<E> {
    due.limit(rows).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
}

/// In the order of their primary key, which tells when they were issued.
fn due_tokens(before: DateTime<Utc>) -> Select<issued_token::Entity> {
    use issued_token::Column;
    issued_token::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.lt(first_id(before - LONGEST_LIFE)))
        .filter(Column::ExpiresAt.lt(before))
        .order_by_asc(Column::Id)
}

/// Those that nothing refers to any more: tokens go first, and sub-agents before their parents.
fn due_agents(before: DateTime<Utc>) -> Select<agent::Entity> {
    use agent::Column;
    let child = Alias::new("child");
    let this = || Expr::col((agent::Entity, Column::Id));
    let children = Query::select()
        .expr(Expr::val(1))
        .from_as(agent::Entity, child.clone())
        .and_where(Expr::col((child, Column::ParentId)).eq(this()))
        .take();
    let tokens = Query::select()
        .expr(Expr::val(1))
        .from(issued_token::Entity)
        .and_where(Expr::col((issued_token::Entity, issued_token::Column::AgentId)).eq(this()))
        .take();
    agent::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::RetiredAt.is_not_null())
        .filter(Column::RetiredAt.lt(before))
        .filter(Expr::exists(tokens).not())
        .filter(Expr::exists(children).not())
        .order_by_asc(Column::RetiredAt)
}

fn due_resources(cloud: Provider, before: DateTime<Utc>) -> Select<resource::Entity> {
    use resource::Column;
    let this = Expr::col((resource::Entity, Column::Id));
    let agents = Query::select()
        .expr(Expr::val(1))
        .from(agent::Entity)
        .and_where(Expr::col((agent::Entity, agent::Column::ResourceId)).eq(this))
        .take();
    resource::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Provider.eq(cloud.as_str()))
        .filter(Column::RetiredAt.is_not_null())
        .filter(Column::RetiredAt.lt(before))
        .filter(Expr::exists(agents).not())
        .order_by_asc(Column::RetiredAt)
}

/// Those among the oldest `rows` of the log, which lies in the order of its sequence.
fn due_events(before: DateTime<Utc>, rows: u64) -> SelectStatement {
    use auth_event::Column;
    let oldest = Query::select()
        .columns([Column::Seq, Column::At])
        .from(auth_event::Entity)
        .order_by(Column::Seq, sea_orm::Order::Asc)
        .limit(rows)
        .take();
    Query::select()
        .column(Column::Seq)
        .from_subquery(oldest, Alias::new("oldest"))
        .and_where(Expr::col(Column::At).lt(before))
        .take()
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

async fn standing(connection: &impl ConnectionTrait) -> Result<Option<Standing>, RetentionError> {
    let Some(row) = retention_run::Entity::find_by_id(THE_RUN).one(connection).await? else {
        return Ok(None);
    };
    let retention_run::Model { holder, held_until, as_of, ended_at, removed, .. } = row;
    let unreadable = |error: serde_json::Error| RetentionError::Unreadable(error.to_string());
    let removed = serde_json::from_value(removed).map_err(unreadable)?;
    Ok(Some(Standing { holder, held_until, as_of, ended_at, removed }))
}

async fn note(connection: &impl ConnectionTrait, standing: Standing) -> Result<(), RetentionError> {
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
