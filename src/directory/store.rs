//! How are registrations kept? Rows to the directory's types, and plans to rows.

mod snapshot;

pub use snapshot::look_ahead;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::{agent, resource};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, IntoCondition as _, JoinType};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, DynIden, EntityTrait, ExprTrait as _, QueryFilter,
    QuerySelect, RelationTrait as _, Select,
};
use uuid::Uuid;

use super::converge::{Adjustment, Current, CurrentAgent, Plan, parents_first, plan};
use super::messages::DirectoryError;
use super::selection::{LiveResource, RootAgent, admits};
use crate::database::{Alone, Database};
use crate::event::{self, AuthEvent, Happening, ResourceConverged, ResourceRetired};
use crate::names::{InstanceId, Provider, new_id};
use crate::registration::{AgentSpec, ResourceSpec};

/// The mark of resources that came from the configuration.
const FROM_FILE: &str = "file";

impl From<DbErr> for DirectoryError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.to_string())
    }
}

/// Id, name and account of a resource; id and name of an agent on it, if there is any.
type FoundRow = (Uuid, String, String, Option<Uuid>, Option<String>);

/// The live resource of an instance with its live root agents: the one query of a login. Both of
/// its indexes hold live rows only, so its cost knows nothing of earlier generations.
pub(super) async fn find_live(
    connection: &impl ConnectionTrait,
    provider: Provider,
    instance_id: &InstanceId,
) -> Result<Option<LiveResource>, DirectoryError> {
    let live_roots = |_resource: DynIden, agent: DynIden| {
        let is_null = |column| Expr::col((agent.clone(), column)).is_null();
        is_null(agent::Column::RetiredAt).and(is_null(agent::Column::ParentId)).into_condition()
    };
    let rows: Vec<FoundRow> = live(provider, instance_id)
        .select_only()
        .columns([resource::Column::Id, resource::Column::Name, resource::Column::Account])
        .column(agent::Column::Id)
        .column(agent::Column::Name)
        .join(JoinType::LeftJoin, resource::Relation::Agent.def().on_condition(live_roots))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().fold(None, |found, (id, name, account, agent_id, agent_name)| {
        let mut resource =
            found.unwrap_or_else(|| LiveResource { id, name, account, root_agents: Vec::new() });
        let agent = agent_id.zip(agent_name).map(|(id, name)| RootAgent { id, name });
        resource.root_agents.extend(agent);
        Some(resource)
    }))
}

/// Whether a retired registration was the proven machine's; asked only where nothing is live.
pub(super) async fn was_retired(
    connection: &impl ConnectionTrait,
    provider: Provider,
    instance_id: &InstanceId,
    account: &str,
) -> Result<bool, DirectoryError> {
    let accounts: Vec<String> = resource::Entity::find()
        .select_only()
        .column(resource::Column::Account)
        .distinct()
        .filter(resource::Column::Provider.eq(provider.as_str()))
        .filter(resource::Column::InstanceId.eq(instance_id.as_str()))
        .filter(resource::Column::RetiredAt.is_not_null())
        .into_tuple()
        .all(connection)
        .await?;
    Ok(accounts.iter().any(|registered| admits(registered, account)))
}

/// The live resources that came from the configuration.
pub(super) async fn file_resources(
    connection: &impl ConnectionTrait,
) -> Result<Vec<(Provider, InstanceId)>, DirectoryError> {
    let rows: Vec<(String, String)> = resource::Entity::find()
        .select_only()
        .columns([resource::Column::Provider, resource::Column::InstanceId])
        .filter(resource::Column::Origin.eq(FROM_FILE))
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

/// Makes the registration equal to the declaration, in one transaction with its audit event.
pub(super) async fn converge(
    database: &Database,
    spec: &ResourceSpec,
    now: DateTime<Utc>,
) -> Result<Option<ResourceConverged>, DirectoryError> {
    let is_as_declared = |current: Option<&Current>| matches!(plan(current, spec), Plan::Adjust(change) if change.is_empty());
    // Most declarations are met already: find out without the write lock.
    if is_as_declared(load_current(database.connection(), spec).await?.as_ref()) {
        return Ok(None);
    }
    let transaction = database.begin_alone(Alone::Registrations).await?;
    let current = load_current(&transaction, spec).await?;
    let converged = match plan(current.as_ref(), spec) {
        Plan::Create => begin(&transaction, spec, None, now).await?,
        Plan::Replace => begin(&transaction, spec, current, now).await?,
        Plan::Adjust(change) if change.is_empty() => return Ok(None),
        Plan::Adjust(change) => adjust(&transaction, spec, current, change, now).await?,
    };
    let event = AuthEvent::new(now, None, Happening::ResourceConverged(converged.clone()));
    event::append(&transaction, [&event]).await?;
    transaction.commit().await?;
    Ok(Some(converged))
}

/// Retires the live resource of an instance, if the configuration brought it, with its agents and
/// their tokens, in one transaction with its audit event.
pub(super) async fn retire(
    database: &Database,
    provider: Provider,
    instance_id: &InstanceId,
    now: DateTime<Utc>,
) -> Result<Option<ResourceRetired>, DirectoryError> {
    let transaction = database.begin_alone(Alone::Registrations).await?;
    let found = live(provider, instance_id)
        .filter(resource::Column::Origin.eq(FROM_FILE))
        .one(&transaction)
        .await?;
    let Some(resource) = found else {
        return Ok(None);
    };
    retire_resource(&transaction, resource.id, now).await?;
    let instance_id = instance_id.as_str().to_owned();
    let retired = ResourceRetired { resource_id: resource.id, provider, instance_id };
    let event = AuthEvent::new(now, None, Happening::ResourceRetired(retired.clone()));
    event::append(&transaction, [&event]).await?;
    transaction.commit().await?;
    Ok(Some(retired))
}

fn live(provider: Provider, instance_id: &InstanceId) -> Select<resource::Entity> {
    resource::Entity::find()
        .filter(resource::Column::Provider.eq(provider.as_str()))
        .filter(resource::Column::InstanceId.eq(instance_id.as_str()))
        .filter(resource::Column::RetiredAt.is_null())
}

fn live_agents(resource_id: Uuid) -> Select<agent::Entity> {
    agent::Entity::find()
        .filter(agent::Column::ResourceId.eq(resource_id))
        .filter(agent::Column::RetiredAt.is_null())
}

async fn load_current(
    connection: &impl ConnectionTrait,
    spec: &ResourceSpec,
) -> Result<Option<Current>, DirectoryError> {
    let found = live(spec.provider, &spec.instance_id).one(connection).await?;
    let Some(resource) = found else {
        return Ok(None);
    };
    let agents = live_agents(resource.id).all(connection).await?;
    let labels: BTreeMap<String, String> =
        serde_json::from_value(resource.labels).map_err(|_| corrupt(&resource.instance_id))?;
    Ok(Some(Current {
        id: resource.id,
        name: resource.name,
        account: resource.account,
        generation: resource.generation,
        labels,
        agents: agents
            .into_iter()
            .map(|row| CurrentAgent { id: row.id, name: row.name, parent_id: row.parent_id })
            .collect(),
    }))
}

/// Begins a registration, in the place of the one of another generation, if there is one.
async fn begin(
    connection: &impl ConnectionTrait,
    spec: &ResourceSpec,
    replaced: Option<Current>,
    now: DateTime<Utc>,
) -> Result<ResourceConverged, DirectoryError> {
    if let Some(replaced) = &replaced {
        retire_resource(connection, replaced.id, now).await?;
    }
    let id = new_id(now);
    let row = resource::ActiveModel {
        id: Set(id),
        provider: Set(spec.provider.as_str().to_owned()),
        instance_id: Set(spec.instance_id.as_str().to_owned()),
        account: Set(spec.account.clone()),
        name: Set(spec.name.as_str().to_owned()),
        generation: Set(spec.generation.clone()),
        labels: Set(labels_json(spec)),
        origin: Set(FROM_FILE.to_owned()),
        created_at: Set(now),
        retired_at: Set(None),
    };
    resource::Entity::insert(row).exec_without_returning(connection).await?;
    let agents = parents_first(&spec.agents);
    add_agents(connection, id, &agents, now).await?;
    Ok(ResourceConverged {
        resource_id: id,
        replaces: replaced.map(|replaced| replaced.id),
        provider: spec.provider,
        instance_id: spec.instance_id.as_str().to_owned(),
        created: true,
        agents_added: names_of(&agents),
        agents_retired: Vec::new(),
        properties_changed: Vec::new(),
    })
}

async fn adjust(
    connection: &impl ConnectionTrait,
    spec: &ResourceSpec,
    current: Option<Current>,
    change: Adjustment,
    now: DateTime<Utc>,
) -> Result<ResourceConverged, DirectoryError> {
    let resource_id = current.map(|current| current.id).unwrap_or_default();
    let retired: Vec<Uuid> = change.retire.iter().map(|agent| agent.id).collect();
    // Retired first: a name in another case may come back as another agent.
    retire_agents(connection, &retired, now).await?;
    add_agents(connection, resource_id, &change.add, now).await?;
    if !change.properties.is_empty() {
        let row = resource::ActiveModel {
            name: Set(spec.name.as_str().to_owned()),
            account: Set(spec.account.clone()),
            labels: Set(labels_json(spec)),
            ..Default::default()
        };
        let update = resource::Entity::update_many().set(row);
        update.filter(resource::Column::Id.eq(resource_id)).exec(connection).await?;
    }
    Ok(ResourceConverged {
        resource_id,
        replaces: None,
        provider: spec.provider,
        instance_id: spec.instance_id.as_str().to_owned(),
        created: false,
        agents_added: names_of(&change.add),
        agents_retired: change.retire.into_iter().map(|agent| agent.name).collect(),
        properties_changed: change.properties,
    })
}

/// Adds agents in this order, so that a parent, old or new, is there before its child.
async fn add_agents(
    connection: &impl ConnectionTrait,
    resource_id: Uuid,
    agents: &[AgentSpec],
    now: DateTime<Utc>,
) -> Result<(), DirectoryError> {
    let there = live_agents(resource_id).all(connection).await?;
    let mut ids: BTreeMap<String, Uuid> = there.into_iter().map(|row| (row.name, row.id)).collect();
    for spec in agents {
        let id = new_id(now);
        let parent = spec.parent.as_ref().and_then(|parent| ids.get(parent.as_str()).copied());
        let row = agent::ActiveModel {
            id: Set(id),
            resource_id: Set(resource_id),
            parent_id: Set(parent),
            name: Set(spec.name.as_str().to_owned()),
            last_seen_at: Set(None),
            created_at: Set(now),
            retired_at: Set(None),
        };
        agent::Entity::insert(row).exec_without_returning(connection).await?;
        ids.insert(spec.name.as_str().to_owned(), id);
    }
    Ok(())
}

async fn retire_resource(
    connection: &impl ConnectionTrait,
    resource_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), DirectoryError> {
    let agents: Vec<Uuid> = live_agents(resource_id)
        .select_only()
        .column(agent::Column::Id)
        .into_tuple()
        .all(connection)
        .await?;
    retire_agents(connection, &agents, now).await?;
    let row = resource::ActiveModel { retired_at: Set(Some(now)), ..Default::default() };
    let update = resource::Entity::update_many().set(row);
    update.filter(resource::Column::Id.eq(resource_id)).exec(connection).await?;
    Ok(())
}

async fn retire_agents(
    connection: &impl ConnectionTrait,
    agents: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), DirectoryError> {
    // In the order of everybody else, so that no login and no change wait for each other.
    event::hold_live(connection, agents.to_vec()).await?;
    let row = agent::ActiveModel { retired_at: Set(Some(now)), ..Default::default() };
    let update = agent::Entity::update_many().set(row);
    update.filter(agent::Column::Id.is_in(agents.iter().copied())).exec(connection).await?;
    event::revoke_tokens(connection, agents, now).await?;
    Ok(())
}

fn names_of(agents: &[AgentSpec]) -> Vec<String> {
    agents.iter().map(|spec| spec.name.as_str().to_owned()).collect()
}

fn labels_json(spec: &ResourceSpec) -> sea_orm::JsonValue {
    spec.labels.clone().into_iter().collect()
}

fn corrupt(instance_id: &str) -> DirectoryError {
    DirectoryError::Corrupt(instance_id.to_owned())
}
