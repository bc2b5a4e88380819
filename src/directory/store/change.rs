//! How does a registration change? A plan becomes rows, in one transaction with the audit event that
//! tells of it. With an agent end its tokens, which stand and fall with it. Changes that come at the
//! same time share their transaction, as logins do theirs: what a commit costs is paid once.

use std::collections::{BTreeMap, HashMap};
use std::slice;

use chrono::{DateTime, Utc};
use entity::{agent, resource};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::corrupt;
use super::registration::{Registration, find, find_together, live_agents};
use crate::database::{Alone, Database};
use crate::directory::converge::{Adjustment, Current, CurrentAgent, Plan, parents_first, plan};
use crate::directory::messages::{ChangeRefused, Converge, Converged, DirectoryError, Retire};
use crate::event::{self, AuthEvent, Happening, ResourceConverged, ResourceRetired};
use crate::names::{InstanceId, new_id};
use crate::registration::{AgentSpec, Registrar, ResourceSpec};

/// Tries of a change that another one got in the way of. Changes of registrations go one at a time,
/// so this is for what comes from elsewhere, as a machine's enrolment by its first login.
const ATTEMPTS: u32 = 5;

/// Rows in one statement: far below the number of variables that the engines allow.
const TOGETHER: usize = 1_000;

/// What comes of a declaration.
type Outcome = Result<Converged, ChangeRefused>;

/// Makes registrations equal to their declarations, all of them in one transaction with their audit
/// events. They are of different machines of one cloud. If that fails, each is tried alone, so that
/// one bad declaration takes no other down.
pub(in crate::directory) async fn converge(
    database: &Database,
    requests: &[Converge],
    now: DateTime<Utc>,
) -> Vec<Result<Outcome, DirectoryError>> {
    if requests.len() > 1 {
        match Database::in_time(converge_together(database, requests, now)).await {
            Ok(outcomes) => return outcomes.into_iter().map(Ok).collect(),
            // Each would fail for the same reason, after the same wait.
            Err(DirectoryError::Database(away)) => {
                let away = || Err(DirectoryError::Database(away.clone()));
                return requests.iter().map(|_| away()).collect();
            }
            Err(_) => {}
        }
    }
    let mut outcomes = Vec::with_capacity(requests.len());
    for request in requests {
        outcomes.push(converge_alone(database, request, now).await);
    }
    outcomes
}

/// Where the schema lets another change through first, this one looks again and tries anew.
async fn converge_alone(
    database: &Database,
    request: &Converge,
    now: DateTime<Utc>,
) -> Result<Outcome, DirectoryError> {
    let mut attempt = 1;
    loop {
        let together = converge_together(database, slice::from_ref(request), now);
        match Database::in_time(together).await {
            Err(DirectoryError::Overtaken) if attempt < ATTEMPTS => attempt += 1,
            outcomes => {
                let outcome = outcomes?.pop();
                return outcome.ok_or_else(|| corrupt(request.spec.instance_id.as_str()));
            }
        }
    }
}

/// The outcome of each, in their order.
async fn converge_together(
    database: &Database,
    requests: &[Converge],
    now: DateTime<Utc>,
) -> Result<Vec<Outcome>, DirectoryError> {
    // Most declarations are met already: find out without the write lock.
    let mut there = look(database.connection(), requests).await?;
    let mut outcomes = HashMap::with_capacity(requests.len());
    settle_all(requests, &mut there, &mut outcomes)?;
    if outcomes.len() < requests.len() {
        let transaction = database.begin_alone(Alone::Registrations).await?;
        let mut there = look(&transaction, requests).await?;
        let current = current(&there)?;
        settle_all(requests, &mut there, &mut outcomes)?;
        let open = requests.iter().filter(|of| !outcomes.contains_key(&of.spec.instance_id));
        let open: Vec<&Converge> = open.collect();
        let changed = change_all(&transaction, &open, current, now).await?;
        let mut there = look(&transaction, requests).await?;
        transaction.commit().await?;
        for (request, event) in open.iter().zip(changed) {
            let machine = &request.spec.instance_id;
            let resource =
                there.remove(machine).ok_or_else(|| corrupt(machine.as_str()))?.view()?;
            let begun = is_begun(&event);
            let converged = Converged { resource, begun, event: Some(event) };
            outcomes.insert(machine.clone(), Ok(converged));
        }
    }
    let mut outcome = |of: &Converge| {
        let machine = &of.spec.instance_id;
        outcomes.remove(machine).ok_or_else(|| corrupt(machine.as_str()))
    };
    requests.iter().map(&mut outcome).collect()
}

async fn look(
    connection: &impl ConnectionTrait,
    requests: &[Converge],
) -> Result<HashMap<InstanceId, Registration>, DirectoryError> {
    let Some(provider) = requests.first().map(|request| request.spec.provider) else {
        return Ok(HashMap::new());
    };
    let machines = requests.iter().map(|request| &request.spec.instance_id);
    find_together(connection, provider, machines).await
}

fn current(
    there: &HashMap<InstanceId, Registration>,
) -> Result<HashMap<InstanceId, Current>, DirectoryError> {
    there.iter().map(|(machine, of)| Ok((machine.clone(), of.current()?))).collect()
}

/// Adds the outcomes of those that need no change.
fn settle_all(
    requests: &[Converge],
    there: &mut HashMap<InstanceId, Registration>,
    outcomes: &mut HashMap<InstanceId, Outcome>,
) -> Result<(), DirectoryError> {
    for Converge { spec, by, .. } in requests {
        if let Some(outcome) = settle(there.remove(&spec.instance_id), spec, by)? {
            outcomes.entry(spec.instance_id.clone()).or_insert(outcome);
        }
    }
    Ok(())
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

/// What a change leaves to be written, for many changes by one statement each.
struct Changed {
    event: ResourceConverged,
    resource: Option<resource::ActiveModel>,
    agents: Vec<agent::ActiveModel>,
}

/// Carries these changes out; gives their events.
async fn change_all(
    connection: &impl ConnectionTrait,
    requests: &[&Converge],
    mut current: HashMap<InstanceId, Current>,
    now: DateTime<Utc>,
) -> Result<Vec<AuthEvent>, DirectoryError> {
    let (mut resources, mut agents, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for request in requests {
        let current = current.remove(&request.spec.instance_id);
        let changed = change(connection, request, current, now).await?;
        let happening = Happening::ResourceConverged(changed.event);
        events.push(AuthEvent::new(now, request.request_id.clone(), happening));
        resources.extend(changed.resource);
        agents.extend(changed.agents);
    }
    // Resources before their agents, and among these parents before their children.
    if !resources.is_empty() {
        resource::Entity::insert_many(resources).exec_without_returning(connection).await?;
    }
    for rows in agents.chunks(TOGETHER) {
        agent::Entity::insert_many(rows.to_vec()).exec_without_returning(connection).await?;
    }
    event::append(connection, &events).await?;
    Ok(events)
}

async fn change(
    connection: &impl ConnectionTrait,
    request: &Converge,
    current: Option<Current>,
    now: DateTime<Utc>,
) -> Result<Changed, DirectoryError> {
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
) -> Result<Changed, DirectoryError> {
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
    let agents = parents_first(&spec.agents);
    let event = ResourceConverged {
        resource_id: id,
        replaces,
        provider: spec.provider,
        instance_id: spec.instance_id.as_str().to_owned(),
        created: true,
        agents_added: names_of(&agents),
        agents_retired: Vec::new(),
        properties_changed: Vec::new(),
        by: by.to_string(),
    };
    Ok(Changed { event, resource: Some(row), agents: agent_rows(id, &[], &agents, now) })
}

async fn adjust(
    connection: &impl ConnectionTrait,
    Converge { spec, by, .. }: &Converge,
    current: Current,
    change: Adjustment,
    now: DateTime<Utc>,
) -> Result<Changed, DirectoryError> {
    let retired: Vec<Uuid> = change.retire.iter().map(|agent| agent.id).collect();
    let mut kept = current.agents;
    kept.retain(|agent| !retired.contains(&agent.id));
    // Retired before others are added: a name in another case may come back as another agent.
    retire_agents(connection, &retired, now).await?;
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
    let agents = agent_rows(current.id, &kept, &change.add, now);
    let event = ResourceConverged {
        resource_id: current.id,
        replaces: None,
        provider: spec.provider,
        instance_id: spec.instance_id.as_str().to_owned(),
        created: false,
        agents_added: names_of(&change.add),
        agents_retired: change.retire.into_iter().map(|agent| agent.name).collect(),
        properties_changed: change.properties,
        by: by.to_string(),
    };
    Ok(Changed { event, resource: None, agents })
}

/// Agents that are added beside those that are kept; a parent stands before its child.
fn agent_rows(
    resource_id: Uuid,
    kept: &[CurrentAgent],
    agents: &[AgentSpec],
    now: DateTime<Utc>,
) -> Vec<agent::ActiveModel> {
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
    rows
}

fn is_begun(event: &AuthEvent) -> bool {
    matches!(&event.what, Happening::ResourceConverged(change) if change.created)
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
    event::hold_live(connection, agents.iter().copied().collect()).await?;
    let row = agent::ActiveModel { retired_at: Set(Some(now)), ..Default::default() };
    let update = agent::Entity::update_many().set(row);
    update.filter(agent::Column::Id.is_in(agents.iter().copied())).exec(connection).await?;
    Ok(())
}

fn names_of(agents: &[AgentSpec]) -> Vec<String> {
    agents.iter().map(|spec| spec.name.as_str().to_owned()).collect()
}

fn labels_json(spec: &ResourceSpec) -> sea_orm::JsonValue {
    spec.labels.clone().into_iter().collect()
}
