//! Which rows may go? What ended before a time, oldest first, and only where nothing refers to it.

use chrono::{DateTime, Utc};
use entity::{agent, auth_event, issued_token, resource};
use sea_orm::sea_query::{Alias, Expr, LockBehavior, LockType, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder as _, QuerySelect,
    Select,
};

use crate::names::{Provider, first_id};
use crate::retention::rule::LONGEST_LIFE;

/// The oldest of these, held so that nobody waits for them in a circle: what somebody else holds
/// is left to the next batch. SQLite has no row locks: there, the one writer is this transaction.
pub(super) fn held<E: EntityTrait>(due: Select<E>, rows: u64) -> Select<E> {
    due.limit(rows).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
}

/// In the order of their primary key, which tells when they were issued.
pub(super) fn due_tokens(before: DateTime<Utc>) -> Select<issued_token::Entity> {
    use issued_token::Column;
    issued_token::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.lt(first_id(before - LONGEST_LIFE)))
        .filter(Column::ExpiresAt.lt(before))
        .order_by_asc(Column::Id)
}

/// Those that nothing refers to any more: sub-agents go before their parents. The records of their
/// tokens are gone by then: a token that an agent got before it ended has its time over sooner.
pub(super) fn due_agents(before: DateTime<Utc>) -> Select<agent::Entity> {
    use agent::Column;
    let child = Alias::new("child");
    let this = Expr::col((agent::Entity, Column::Id));
    let children = Query::select()
        .expr(Expr::val(1))
        .from_as(agent::Entity, child.clone())
        .and_where(Expr::col((child, Column::ParentId)).eq(this))
        .take();
    agent::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::RetiredAt.is_not_null())
        .filter(Column::RetiredAt.lt(before))
        .filter(Expr::exists(children).not())
        .order_by_asc(Column::RetiredAt)
}

pub(super) fn due_resources(cloud: Provider, before: DateTime<Utc>) -> Select<resource::Entity> {
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
pub(super) fn due_events(before: DateTime<Utc>, rows: u64) -> SelectStatement {
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
