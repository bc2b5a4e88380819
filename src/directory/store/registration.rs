//! How are registrations fetched whole? The live resource of a machine and its live agents as rows,
//! and what the directory's rules and those who look make of them.

use std::collections::{BTreeMap, HashMap};

use entity::{agent, candidate, resource};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
};
use uuid::Uuid;

use super::list::view_resource;
use super::{candidates, corrupt, padded};
use crate::directory::converge::{Current, CurrentAgent};
use crate::directory::messages::DirectoryError;
use crate::directory::view::ResourceView;
use crate::names::{InstanceId, Provider};
use crate::registration::Origin;

/// A live resource with its live agents.
pub(super) struct Registration {
    resource: resource::Model,
    agents: Vec<agent::Model>,
}

/// The live registration of this machine, if there is one.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    provider: Provider,
    instance_id: &InstanceId,
) -> Result<Option<Registration>, DirectoryError> {
    Ok(find_together(connection, provider, [instance_id].into_iter()).await?.remove(instance_id))
}

/// The live registrations of these machines, all of one cloud: two queries, however many.
pub(super) async fn find_together<'m>(
    connection: &impl ConnectionTrait,
    provider: Provider,
    machines: impl Iterator<Item = &'m InstanceId>,
) -> Result<HashMap<InstanceId, Registration>, DirectoryError> {
    let live = candidates(provider, machines.map(InstanceId::as_str).collect())
        .select_only()
        .column(candidate::Column::ResourceId)
        .into_query();
    let resources = resource::Entity::find()
        .filter(resource::Column::Id.in_subquery(live))
        .all(connection)
        .await?;
    let mut agents = agents_of(connection, &resources).await?;
    let mut found = HashMap::with_capacity(resources.len());
    for resource in resources {
        let machine = InstanceId::parse(provider, &resource.instance_id);
        let machine = machine.map_err(|_| corrupt(&resource.instance_id))?;
        let agents = agents.remove(&resource.id).unwrap_or_default();
        found.insert(machine, Registration { resource, agents });
    }
    Ok(found)
}

/// The live agents of these resources: one query, however many.
pub(super) async fn agents_of(
    connection: &impl ConnectionTrait,
    resources: &[resource::Model],
) -> Result<HashMap<Uuid, Vec<agent::Model>>, DirectoryError> {
    let mut of: HashMap<Uuid, Vec<agent::Model>> = HashMap::new();
    if resources.is_empty() {
        return Ok(of);
    }
    let ids = padded(resources.iter().map(|resource| resource.id).collect());
    let agents = agent::Entity::find()
        .filter(agent::Column::ResourceId.is_in(ids))
        .filter(agent::Column::RetiredAt.is_null())
        .order_by_asc(agent::Column::Name)
        .all(connection)
        .await?;
    for agent in agents {
        of.entry(agent.resource_id).or_default().push(agent);
    }
    Ok(of)
}

/// The live agents of a resource.
pub(super) fn live_agents(resource_id: Uuid) -> Select<agent::Entity> {
    agent::Entity::find()
        .filter(agent::Column::ResourceId.eq(resource_id))
        .filter(agent::Column::RetiredAt.is_null())
}

impl Registration {
    pub(super) fn id(&self) -> Uuid {
        self.resource.id
    }

    pub(super) fn origin(&self) -> Result<Origin, DirectoryError> {
        Origin::find(&self.resource.origin).ok_or_else(|| corrupt(&self.resource.instance_id))
    }

    /// As the plan of a change takes it.
    pub(super) fn current(&self) -> Result<Current, DirectoryError> {
        let Self { resource, agents } = self;
        let labels: BTreeMap<String, String> = serde_json::from_value(resource.labels.clone())
            .map_err(|_| corrupt(&resource.instance_id))?;
        let agent = |row: &agent::Model| CurrentAgent {
            id: row.id,
            name: row.name.clone(),
            parent_id: row.parent_id,
        };
        Ok(Current {
            id: resource.id,
            name: resource.name.clone(),
            account: resource.account.clone(),
            generation: resource.generation.clone(),
            labels,
            agents: agents.iter().map(agent).collect(),
        })
    }

    /// As those who look see it.
    pub(super) fn view(self) -> Result<ResourceView, DirectoryError> {
        view_resource(self.resource, self.agents)
    }
}
