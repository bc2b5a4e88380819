//! Which agents are live, and stay so until a transaction ends?

use std::collections::HashSet;

use entity::{agent, ended_agents};
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait as _, LockType, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder as _,
    QuerySelect, QueryTrait as _, Select,
};
use uuid::Uuid;

/// The state of the registrations that an agent was found live in: how many had ended until then.
/// Only a query of the registrations themselves can tell one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf(Option<i64>);

impl AsOf {
    /// Of no state that is known: such an agent is looked at again.
    pub const UNKNOWN: Self = Self(None);

    /// What [`as_of`] gave within a query.
    pub(crate) fn read(ended_so_far: Option<i64>) -> Self {
        Self(ended_so_far)
    }

    fn is(self, now: Self) -> bool {
        self.0.is_some() && self == now
    }
}

/// The state that a query of registrations sees, as a column of it.
pub(crate) fn as_of(connection: &impl ConnectionTrait) -> Expr {
    match connection.get_database_backend() {
        DbBackend::Sqlite => ended_so_far().into_query().into(),
        // It does not count: see the migration.
        _ => Expr::val(None::<i64>),
    }
}

fn ended_so_far() -> Select<ended_agents::Entity> {
    ended_agents::Entity::find().select_only().column(ended_agents::Column::SoFar)
}

/// Those of these agents that are live, as [`hold_live`]. Where nothing has ended since an agent was
/// found, it is live still; a transaction on SQLite is the only one that writes, so nothing can end
/// before it does.
pub(in crate::event) async fn hold_found(
    connection: &impl ConnectionTrait,
    found: impl Iterator<Item = (Uuid, AsOf)> + Clone,
) -> Result<HashSet<Uuid>, DbErr> {
    let now = match found.clone().any(|(_, as_of)| as_of != AsOf::UNKNOWN) {
        true => AsOf(ended_so_far().into_tuple().one(connection).await?),
        false => AsOf::UNKNOWN,
    };
    let (as_found, others): (Vec<_>, Vec<_>) = found.partition(|(_, as_of)| as_of.is(now));
    let ids = |agents: Vec<(Uuid, AsOf)>| agents.into_iter().map(|(agent, _)| agent);
    let mut live = hold_live(connection, ids(others).collect()).await?;
    live.extend(ids(as_found));
    Ok(live)
}

/// Those of these agents that are live, held so until the transaction ends: nobody can retire one
/// between this look and the record of its token.
///
/// Several brokers may hold the same agents at the same time, so all that a transaction writes to
/// or relies on is held by one statement, in one order: else two could each wait for the other.
pub(crate) async fn hold_live(
    connection: &impl ConnectionTrait,
    agents: HashSet<Uuid>,
) -> Result<HashSet<Uuid>, DbErr> {
    if agents.is_empty() {
        return Ok(agents);
    }
    // Usually all are live, and a number says so: a row for each would be a message each from
    // SQLite's thread.
    if count(connection, holding(&agents)).await? == agents.len() {
        return Ok(agents);
    }
    let rows = connection.query_all(&holding(&agents)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// The ids of those that are live, in the one order.
fn holding(agents: &HashSet<Uuid>) -> SelectStatement {
    agent::Entity::find()
        .select_only()
        .column(agent::Column::Id)
        .filter(agent::Column::Id.is_in(agents.iter().copied()))
        .filter(agent::Column::RetiredAt.is_null())
        .order_by_asc(agent::Column::Id)
        // SQLite has no row locks: there, the one writer is this transaction.
        .lock(LockType::NoKeyUpdate)
        .into_query()
}

async fn count(connection: &impl ConnectionTrait, rows: SelectStatement) -> Result<usize, DbErr> {
    let count =
        Query::select().expr(Expr::col(Asterisk).count()).from_subquery(rows, "held").to_owned();
    let row = connection.query_one(&count).await?;
    let count: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default())
}
