//! How is one machine's registration fetched whole? The live resource and its live agents as rows,
//! and what the directory's rules and those who look make of them.

use std::collections::BTreeMap;

use entity::{agent, resource};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder as _, Select,
};
use uuid::Uuid;

use super::list::view_resource;
use super::{corrupt, live};
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
    let Some(resource) = live(provider, instance_id).one(connection).await? else {
        return Ok(None);
    };
    let agents = live_agents(resource.id);
    let agents = agents.order_by_asc(agent::Column::Name).all(connection).await?;
    Ok(Some(Registration { resource, agents }))
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
