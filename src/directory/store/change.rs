//! How does a registration change? A plan becomes rows, in one transaction with the audit event that
//! tells of it and the end of the tokens that it ends.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::{agent, resource};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::corrupt;
use super::registration::{Registration, find, live_agents};
use crate::database::{Alone, Database};
use crate::directory::converge::{Adjustment, Current, CurrentAgent, Plan, parents_first, plan};
use crate::directory::messages::{ChangeRefused, Converge, Converged, DirectoryError, Retire};
use crate::event::{self, AuthEvent, Happening, ResourceConverged, ResourceRetired};
use crate::names::new_id;
use crate::registration::{AgentSpec, Registrar, ResourceSpec};

/// Tries of a change that another one got in the way of. Changes of registrations go one at a time,
/// so this is for what comes from elsewhere, as a machine's enrolment by its first login.
const ATTEMPTS: u32 = 5;

/// Makes the registration equal to the declaration, in one transaction with its audit event. Where
/// the schema lets another change through first, this one looks again and tries anew.
pub(in crate::directory) async fn converge(
    database: &Database,
    request: &Converge,
    now: DateTime<Utc>,
) -> Result<Result<Converged, ChangeRefused>, DirectoryError> {
    let mut attempt = 1;
    loop {
        match try_converge(database, request, now).await {
            Err(DirectoryError::Overtaken) if attempt < ATTEMPTS => attempt += 1,
            outcome => return outcome,
        }
    }
}

async fn try_converge(
    database: &Database,
    request: &Converge,
    now: DateTime<Utc>,
) -> Result<Result<Converged, ChangeRefused>, DirectoryError> {
    let Converge { spec, by, request_id } = request;
    // Most declarations are met already: find out without the write lock.
    let there = find(database.connection(), spec.provider, &spec.instance_id).await?;
    if let Some(settled) = settle(there, spec, by)? {
        return Ok(settled);
    }
    let transaction = database.begin_alone(Alone::Registrations).await?;
    let there = find(&transaction, spec.provider, &spec.instance_id).await?;
    let current = there.as_ref().map(Registration::current).transpose()?;
    if let Some(settled) = settle(there, spec, by)? {
        return Ok(settled);
    }
    let change = change(&transaction, request, current, now).await?;
    let begun = change.created;
    let event = AuthEvent::new(now, request_id.clone(), Happening::ResourceConverged(change));
    event::append(&transaction, [&event]).await?;
    let there = find(&transaction, spec.provider, &spec.instance_id).await?;
    let resource = there.ok_or_else(|| corrupt(spec.instance_id.as_str()))?.view()?;
    transaction.commit().await?;
    Ok(Ok(Converged { resource, begun, event: Some(event) }))
}

/// The answer where nothing is to be done: it is somebody else's, or as declared already.
fn settle(
    there: Option<Registration>,
    spec: &ResourceSpec,
    by: &Registrar,
) -> Result<Option<Result<Converged, ChangeRefused>>, DirectoryError> {
    let Some(there) = there else { return Ok(None) };
    let owner = there.origin()?;
    if !by.may_change(owner) {
        return Ok(Some(Err(ChangeRefused::Owned(owner))));
    }
    match plan(Some(&there.current()?), spec) {
        Plan::Adjust(change) if change.is_empty() => {
            Ok(Some(Ok(Converged { resource: there.view()?, begun: false, event: None })))
        }
        _ => Ok(None),
    }
}

/// Retires the live resource of an instance with its agents and their tokens, in one transaction
/// with its audit event.
pub(in crate::directory) async fn retire(
    database: &Database,
    request: Retire,
    now: DateTime<Utc>,
) -> Result<Result<AuthEvent, ChangeRefused>, DirectoryError> {
    let Retire { provider, instance_id, by, request_id } = request;
    let transaction = database.begin_alone(Alone::Registrations).await?;
    let Some(there) = find(&transaction, provider, &instance_id).await? else {
        return Ok(Err(ChangeRefused::NotRegistered));
    };
    let owner = there.origin()?;
    if !by.may_change(owner) {
        return Ok(Err(ChangeRefused::Owned(owner)));
    }
    retire_resource(&transaction, there.id(), now).await?;
    let retired = ResourceRetired {
        resource_id: there.id(),
        provider,
        instance_id: instance_id.as_str().to_owned(),
        by: by.to_string(),
    };
    let event = AuthEvent::new(now, request_id, Happening::ResourceRetired(retired));
    event::append(&transaction, [&event]).await?;
    transaction.commit().await?;
    Ok(Ok(event))
}

async fn change(
    connection: &impl ConnectionTrait,
    request: &Converge,
    current: Option<Current>,
    now: DateTime<Utc>,
) -> Result<ResourceConverged, DirectoryError> {
    match (plan(current.as_ref(), &request.spec), current) {
        (Plan::Adjust(change), Some(current)) => {
            adjust(connection, request, current, change, now).await
        }
        (_, replaced) => begin(connection, request, replaced.map(|there| there.id), now).await,
    }
}

/// Begins a registration, in the place of the one of another generation, if there is one.
async fn begin(
    connection: &impl ConnectionTrait,
    Converge { spec, by, .. }: &Converge,
    replaces: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<ResourceConverged, DirectoryError> {
    if let Some(replaced) = replaces {
        retire_resource(connection, replaced, now).await?;
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
        origin: Set(by.origin().as_str().to_owned()),
        created_at: Set(now),
        retired_at: Set(None),
    };
    resource::Entity::insert(row).exec_without_returning(connection).await?;
    let agents = parents_first(&spec.agents);
    add_agents(connection, id, &[], &agents, now).await?;
    Ok(ResourceConverged {
        resource_id: id,
        replaces,
        provider: spec.provider,
        instance_id: spec.instance_id.as_str().to_owned(),
        created: true,
        agents_added: names_of(&agents),
        agents_retired: Vec::new(),
        properties_changed: Vec::new(),
        by: by.to_string(),
    })
}

async fn adjust(
    connection: &impl ConnectionTrait,
    Converge { spec, by, .. }: &Converge,
    current: Current,
    change: Adjustment,
    now: DateTime<Utc>,
) -> Result<ResourceConverged, DirectoryError> {
    let retired: Vec<Uuid> = change.retire.iter().map(|agent| agent.id).collect();
    let mut kept = current.agents;
    kept.retain(|agent| !retired.contains(&agent.id));
    // Retired first: a name in another case may come back as another agent.
    retire_agents(connection, &retired, now).await?;
    add_agents(connection, current.id, &kept, &change.add, now).await?;
    if !change.properties.is_empty() {
        let row = resource::ActiveModel {
            name: Set(spec.name.as_str().to_owned()),
            account: Set(spec.account.clone()),
            labels: Set(labels_json(spec)),
            ..Default::default()
        };
        let update = resource::Entity::update_many().set(row);
        update.filter(resource::Column::Id.eq(current.id)).exec(connection).await?;
    }
    Ok(ResourceConverged {
        resource_id: current.id,
        replaces: None,
        provider: spec.provider,
        instance_id: spec.instance_id.as_str().to_owned(),
        created: false,
        agents_added: names_of(&change.add),
        agents_retired: change.retire.into_iter().map(|agent| agent.name).collect(),
        properties_changed: change.properties,
        by: by.to_string(),
    })
}

/// Adds agents beside those that are kept, in this order, so that a parent is there before its
/// child.
async fn add_agents(
    connection: &impl ConnectionTrait,
    resource_id: Uuid,
    kept: &[CurrentAgent],
    agents: &[AgentSpec],
    now: DateTime<Utc>,
) -> Result<(), DirectoryError> {
    let mut ids: BTreeMap<&str, Uuid> =
        kept.iter().map(|agent| (agent.name.as_str(), agent.id)).collect();
    let mut rows = Vec::with_capacity(agents.len());
    for spec in agents {
        let id = new_id(now);
        let parent = spec.parent.as_ref().and_then(|parent| ids.get(parent.as_str()).copied());
        rows.push(agent::ActiveModel {
            id: Set(id),
            resource_id: Set(resource_id),
            parent_id: Set(parent),
            name: Set(spec.name.as_str().to_owned()),
            last_seen_at: Set(None),
            created_at: Set(now),
            retired_at: Set(None),
        });
        ids.insert(spec.name.as_str(), id);
    }
    if !rows.is_empty() {
        agent::Entity::insert_many(rows).exec_without_returning(connection).await?;
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
