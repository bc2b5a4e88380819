//! How are registrations kept? Rows to the directory's types, and plans to rows.

mod change;
mod list;
mod registration;
mod snapshot;

pub(super) use change::{converge, retire};
pub(super) use list::{list_agents, list_resources, show_agent, show_resource};
pub use snapshot::look_ahead;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{agent, candidate, forgotten, resource};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder as _,
    QuerySelect, QueryTrait as _, Select, SqlErr,
};
use uuid::Uuid;

use super::enrolment::Earlier;
use super::messages::DirectoryError;
use super::selection::{LiveResource, RootAgent};
use crate::database::is_about_data;
use crate::event::{self, AsOf};
use crate::identity::VerifiedInstance;
use crate::names::{InstanceId, Provider};
use crate::registration::Origin;

impl From<DbErr> for DirectoryError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Overtaken,
            _ if is_about_data(&error) => Self::Unfit(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

/// Instance, id, name and account of a resource; id and name of an agent on it, if there is any; what
/// the query is of.
type FoundRow = (String, Uuid, String, String, Option<Uuid>, String, Option<i64>);

/// Machines that one query asks for, at most.
pub(super) const MOST_AT_ONCE: usize = 64;

/// The live resources of these machines, all of one cloud, with their live root agents: the one
/// query of their logins. `candidate` has live rows and no others, so its cost knows nothing of what
/// was before.
pub(super) async fn find_live(
    connection: &impl ConnectionTrait,
    machines: impl Iterator<Item = &VerifiedInstance> + Clone,
) -> Result<HashMap<InstanceId, LiveResource>, DirectoryError> {
    let Some(provider) = machines.clone().next().map(VerifiedInstance::provider) else {
        return Ok(HashMap::new());
    };
    let ids = machines.map(|machine| machine.instance_id().as_str()).collect();
    let rows: Vec<FoundRow> = candidates(provider, ids)
        .select_only()
        .columns([candidate::Column::InstanceId, candidate::Column::ResourceId])
        .columns([candidate::Column::ResourceName, candidate::Column::Account])
        .columns([candidate::Column::AgentId, candidate::Column::AgentName])
        .expr(event::as_of(connection))
        // Rows that have to be sorted come at once. SQLite's thread hands on each as it finds it,
        // and waking up for every single one costs more than the rows do.
        .order_by_asc(candidate::Column::AgentName)
        .into_tuple()
        .all(connection)
        .await?;
    let mut found = HashMap::new();
    for (instance_id, id, name, account, agent_id, agent_name, ended_so_far) in rows {
        let as_of = AsOf::read(ended_so_far);
        let parsed = InstanceId::parse(provider, &instance_id);
        let resource = found
            .entry(parsed.map_err(|_| corrupt(&instance_id))?)
            .or_insert_with(|| LiveResource { id, name, account, root_agents: Vec::new(), as_of });
        let agent = agent_id.map(|id| RootAgent { id, name: agent_name });
        resource.root_agents.extend(agent);
    }
    Ok(found)
}

/// What is live of these machines.
fn candidates(provider: Provider, instance_ids: Vec<&str>) -> Select<candidate::Entity> {
    candidate::Entity::find()
        .filter(candidate::Column::Provider.eq(provider.as_str()))
        .filter(candidate::Column::InstanceId.is_in(padded(instance_ids)))
}

/// Fills up to a power of two with the last one, so that few statements are ever prepared.
fn padded<T: Copy>(mut ids: Vec<T>) -> Vec<T> {
    if let Some(last) = ids.last().copied() {
        ids.resize(ids.len().next_power_of_two(), last);
    }
    ids
}

/// Id and name of the live sub-agents of a live agent.
pub(super) async fn sub_agents(
    connection: &impl ConnectionTrait,
    parent_id: Uuid,
) -> Result<Vec<(Uuid, String)>, DirectoryError> {
    // By the resource first: that is what the live agents are indexed by.
    let of_parent = agent::Entity::find_by_id(parent_id)
        .select_only()
        .column(agent::Column::ResourceId)
        .into_query();
    Ok(agent::Entity::find()
        .select_only()
        .columns([agent::Column::Id, agent::Column::Name])
        .filter(agent::Column::ResourceId.in_subquery(of_parent))
        .filter(agent::Column::ParentId.eq(parent_id))
        .filter(agent::Column::RetiredAt.is_null())
        .into_tuple()
        .all(connection)
        .await?)
}

/// What is on record of these machines, all of one cloud, for which nothing is live.
pub(super) async fn earlier(
    connection: &impl ConnectionTrait,
    machines: impl Iterator<Item = &VerifiedInstance> + Clone,
) -> Result<HashMap<InstanceId, Earlier>, DirectoryError> {
    let Some(provider) = machines.clone().next().map(VerifiedInstance::provider) else {
        return Ok(HashMap::new());
    };
    // In this order: what is removed between the two looks is seen by the second.
    let retired = retired_accounts(connection, provider, machines.clone()).await?;
    let forgotten = forgotten::Entity::find_by_id(provider.as_str()).one(connection).await?;
    let forgotten_until = forgotten.map(|row| row.retired_until);
    let nothing = Earlier { forgotten_until, ..Earlier::default() };
    let mut earlier: HashMap<InstanceId, Earlier> =
        machines.map(|machine| (machine.instance_id().clone(), nothing.clone())).collect();
    for (instance_id, account) in retired {
        let parsed = InstanceId::parse(provider, &instance_id);
        let of = earlier.entry(parsed.map_err(|_| corrupt(&instance_id))?);
        of.or_insert_with(|| nothing.clone()).retired_accounts.push(account);
    }
    Ok(earlier)
}

/// The accounts that earlier registrations of the machines were for.
///
/// The engine is asked for all registrations, a machine's few: asked for the retired ones, SQLite
/// goes through those of the whole cloud, by the index that removal needs.
async fn retired_accounts(
    connection: &impl ConnectionTrait,
    provider: Provider,
    machines: impl Iterator<Item = &VerifiedInstance>,
) -> Result<Vec<(String, String)>, DirectoryError> {
    let ids = padded(machines.map(|machine| machine.instance_id().as_str()).collect());
    let rows: Vec<(String, String, Option<DateTime<Utc>>)> = resource::Entity::find()
        .select_only()
        .columns([resource::Column::InstanceId, resource::Column::Account])
        .column(resource::Column::RetiredAt)
        .distinct()
        .filter(resource::Column::Provider.eq(provider.as_str()))
        .filter(resource::Column::InstanceId.is_in(ids))
        .into_tuple()
        .all(connection)
        .await?;
    let retired = rows.into_iter().filter(|(_, _, retired_at)| retired_at.is_some());
    Ok(retired.map(|(instance_id, account, _)| (instance_id, account)).collect())
}

/// The live resources that came from the configuration.
pub(super) async fn file_resources(
    connection: &impl ConnectionTrait,
) -> Result<Vec<(Provider, InstanceId)>, DirectoryError> {
    let rows: Vec<(String, String)> = resource::Entity::find()
        .select_only()
        .columns([resource::Column::Provider, resource::Column::InstanceId])
        .filter(resource::Column::Origin.eq(Origin::File.as_str()))
        .filter(resource::Column::RetiredAt.is_null())
        .into_tuple()
        .all(connection)
        .await?;
    rows.into_iter()
        .map(|(provider, instance_id)| {
            let provider = Provider::parse(&provider).map_err(|_| corrupt(&instance_id))?;
            let parsed = InstanceId::parse(provider, &instance_id);
            Ok((provider, parsed.map_err(|_| corrupt(&instance_id))?))
        })
        .collect()
}

fn corrupt(instance_id: &str) -> DirectoryError {
    DirectoryError::Corrupt(instance_id.to_owned())
}
