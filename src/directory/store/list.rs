//! What is registered? Lists and single entries, for those who look and decide nothing.

use std::collections::BTreeMap;

use entity::{agent, resource};
use sea_orm::sea_query::{Expr, Func, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter,
    QueryOrder as _, QuerySelect, QueryTrait as _,
};
use uuid::Uuid;

use super::corrupt;
use super::registration::agents_of;
use crate::directory::messages::DirectoryError;
use crate::directory::query::{Connected, Cursor, Filter, InstanceIds, Page};
use crate::directory::view::{AgentView, ResourceView};
use crate::names::Provider;
use crate::registration::Origin;

/// A part of the resources.
pub(in crate::directory) async fn list_resources(
    connection: &impl ConnectionTrait,
    filter: Filter,
    cursor: Cursor,
) -> Result<Page<ResourceView>, DirectoryError> {
    let Filter { provider, instance_id, live, connected } = filter;
    let rows = of_machine(resource::Entity::find(), provider, instance_id)
        .apply_if(live, |select, live| select.filter(is_live(resource::Column::RetiredAt, live)))
        .apply_if(connected, |select, Connected { wanted, since }| {
            let there = Expr::exists(connected_agents(since));
            select.filter(if wanted { there } else { there.not() })
        })
        .apply_if(cursor.after, |select, after| select.filter(resource::Column::Id.gt(after)))
        .order_by_asc(resource::Column::Id)
        .limit(cursor.limit + 1)
        .all(connection)
        .await?;
    let page = Page::cut(rows, cursor, |row| row.id);
    let items = view_resources(connection, page.items).await?;
    Ok(Page { items, next: page.next })
}

/// One resource.
pub(in crate::directory) async fn show_resource(
    connection: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<ResourceView>, DirectoryError> {
    let row = resource::Entity::find_by_id(id).one(connection).await?;
    Ok(view_resources(connection, row.into_iter().collect()).await?.pop())
}

/// A part of the agents.
pub(in crate::directory) async fn list_agents(
    connection: &impl ConnectionTrait,
    filter: Filter,
    cursor: Cursor,
) -> Result<Page<AgentView>, DirectoryError> {
    let Filter { provider, instance_id, live, connected } = filter;
    let select = agent::Entity::find().find_also_related(resource::Entity);
    let rows = of_machine(select, provider, instance_id)
        .apply_if(live, |select, live| select.filter(is_live(agent::Column::RetiredAt, live)))
        .apply_if(connected, |select, Connected { wanted, since }| {
            let lately = agent::Column::LastSeenAt.gt(since);
            let is = agent::Column::RetiredAt.is_null().and(lately);
            // A heartbeat that never came compares as unknown, which is no `not`.
            let is_not = agent::Column::RetiredAt
                .is_not_null()
                .or(agent::Column::LastSeenAt.is_null())
                .or(agent::Column::LastSeenAt.lte(since));
            select.filter(if wanted { is } else { is_not })
        })
        .apply_if(cursor.after, |select, after| select.filter(agent::Column::Id.gt(after)))
        .order_by_asc(agent::Column::Id)
        .limit(cursor.limit + 1)
        .all(connection)
        .await?;
    let page = Page::cut(rows, cursor, |(row, _)| row.id);
    let items = view_agents(connection, page.items).await?;
    Ok(Page { items, next: page.next })
}

/// One agent.
pub(in crate::directory) async fn show_agent(
    connection: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<AgentView>, DirectoryError> {
    let select = agent::Entity::find_by_id(id).find_also_related(resource::Entity);
    let row = select.one(connection).await?;
    Ok(view_agents(connection, row.into_iter().collect()).await?.pop())
}

/// These rows with their live agents: one query, however many rows.
async fn view_resources(
    connection: &impl ConnectionTrait,
    rows: Vec<resource::Model>,
) -> Result<Vec<ResourceView>, DirectoryError> {
    let mut agents = agents_of(connection, &rows).await?;
    rows.into_iter()
        .map(|row| {
            let agents = agents.remove(&row.id).unwrap_or_default();
            view_resource(row, agents)
        })
        .collect()
}

pub(super) fn view_resource(
    row: resource::Model,
    agents: Vec<agent::Model>,
) -> Result<ResourceView, DirectoryError> {
    let names: BTreeMap<Uuid, String> =
        agents.iter().map(|agent| (agent.id, agent.name.clone())).collect();
    let provider = Provider::parse(&row.provider).map_err(|_| corrupt(&row.instance_id))?;
    let labels = serde_json::from_value(row.labels).map_err(|_| corrupt(&row.instance_id))?;
    let origin = Origin::find(&row.origin).ok_or_else(|| corrupt(&row.instance_id))?;
    let view = |agent| view_agent(agent, &names, provider, &row.instance_id);
    Ok(ResourceView {
        agents: agents.into_iter().map(view).collect(),
        id: row.id,
        provider,
        instance_id: row.instance_id,
        name: row.name,
        account: row.account,
        generation: row.generation,
        labels,
        origin,
        created_at: row.created_at,
        retired_at: row.retired_at,
    })
}

async fn view_agents(
    connection: &impl ConnectionTrait,
    rows: Vec<(agent::Model, Option<resource::Model>)>,
) -> Result<Vec<AgentView>, DirectoryError> {
    let parents = rows.iter().filter_map(|(agent, _)| agent.parent_id).collect();
    let names = names_of(connection, parents).await?;
    rows.into_iter()
        .map(|(agent, resource)| {
            let resource = resource.ok_or_else(|| corrupt(&agent.name))?;
            let provider = Provider::parse(&resource.provider).map_err(|_| corrupt(&agent.name))?;
            Ok(view_agent(agent, &names, provider, &resource.instance_id))
        })
        .collect()
}

async fn names_of(
    connection: &impl ConnectionTrait,
    agents: Vec<Uuid>,
) -> Result<BTreeMap<Uuid, String>, DirectoryError> {
    if agents.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<(Uuid, String)> = agent::Entity::find()
        .select_only()
        .columns([agent::Column::Id, agent::Column::Name])
        .filter(agent::Column::Id.is_in(agents))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(names.into_iter().collect())
}

fn view_agent(
    row: agent::Model,
    names: &BTreeMap<Uuid, String>,
    provider: Provider,
    instance_id: &str,
) -> AgentView {
    let parent = row.parent_id.and_then(|id| Some((id, names.get(&id)?.clone())));
    AgentView {
        id: row.id,
        name: row.name,
        parent,
        resource_id: row.resource_id,
        provider,
        instance_id: instance_id.to_owned(),
        last_seen_at: row.last_seen_at,
        created_at: row.created_at,
        retired_at: row.retired_at,
    }
}

fn of_machine<S: QueryFilter + Sized>(
    select: S,
    provider: Option<Provider>,
    instance_ids: Option<InstanceIds>,
) -> S {
    let select = match provider {
        Some(provider) => {
            select.filter(along_ids(resource::Column::Provider).eq(provider.as_str()))
        }
        None => select,
    };
    let Some(ids) = instance_ids else { return select };
    let any = ids.iter().fold(Condition::any(), |any, (provider, id)| {
        let of_provider = resource::Column::Provider.eq(provider.as_str());
        any.add(of_provider.and(resource::Column::InstanceId.eq(id.as_str())))
    });
    select.filter(any)
}

/// A column that is never empty, in a form that no index serves: a page is taken along the ids and
/// ends when it is full. By an index of the column, all that a cloud has would be fetched and sorted
/// for it.
fn along_ids(column: resource::Column) -> Expr {
    Func::coalesce([Expr::col((resource::Entity, column)), Expr::val("")]).into()
}

fn is_live(retired_at: impl sea_orm::ColumnTrait, live: bool) -> Expr {
    if live { retired_at.is_null() } else { retired_at.is_not_null() }
}

/// The agents of the resource at hand that are connected.
fn connected_agents(since: chrono::DateTime<chrono::Utc>) -> SelectStatement {
    let of_this = Expr::col((agent::Entity, agent::Column::ResourceId))
        .equals((resource::Entity, resource::Column::Id));
    Query::select()
        .expr(Expr::val(1))
        .from(agent::Entity)
        .and_where(of_this)
        .and_where(agent::Column::RetiredAt.is_null())
        .and_where(agent::Column::LastSeenAt.gt(since))
        .take()
}
