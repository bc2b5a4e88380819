//! Which agents are live, and stay so until a transaction ends?

use std::collections::HashSet;

use entity::agent;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait as _, LockType, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder as _,
    QuerySelect, QueryTrait as _,
};
use uuid::Uuid;

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
