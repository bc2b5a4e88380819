//! How are many registrations looked at together? In few queries, whatever their number; one
//! query a machine would make a start with 100,000 of them a matter of minutes.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::{agent, resource};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{corrupt, file_resources};
use crate::database::Database;
use crate::directory::converge::{Current, CurrentAgent};
use crate::directory::messages::DirectoryError;
use crate::directory::preview::{Machine, Preview, Registered, preview};
use crate::names::{InstanceId, Provider};
use crate::registration::{Origin, ResourceSpec};

/// Machines in one query: far below the number of variables that the engines allow.
const TOGETHER: usize = 500;

/// What making the registrations equal to these declarations would change; nothing is changed.
///
/// # Errors
/// [`DirectoryError`] when the database does not answer, or holds what cannot be read.
pub async fn look_ahead(
    database: &Database,
    declared: &[ResourceSpec],
) -> Result<Preview, DirectoryError> {
    let live = snapshot(database.connection(), declared).await?;
    Ok(preview(declared, live))
}

/// The live resources of all declared machines, and all that came from the configuration.
async fn snapshot(
    connection: &impl ConnectionTrait,
    declared: &[ResourceSpec],
) -> Result<HashMap<Machine, Registered>, DirectoryError> {
    let of_files = file_resources(connection).await?;
    let declared = declared.iter().map(|spec| (spec.provider, spec.instance_id.clone()));
    let machines: HashSet<Machine> = declared.chain(of_files).collect();
    let mut found = HashMap::with_capacity(machines.len());
    for provider in Provider::ALL {
        let of_provider = machines.iter().filter(|(of, _)| *of == provider);
        let ids: Vec<&str> = of_provider.map(|(_, id)| id.as_str()).collect();
        for ids in ids.chunks(TOGETHER) {
            found.extend(find_together(connection, provider, ids).await?);
        }
    }
    Ok(found)
}

/// The columns of a resource that are compared; those that every schema has had.
type Row = (Uuid, String, String, String, String, sea_orm::JsonValue, String);

async fn find_together(
    connection: &impl ConnectionTrait,
    provider: Provider,
    instance_ids: &[&str],
) -> Result<Vec<(Machine, Registered)>, DirectoryError> {
    use resource::Column;
    let rows: Vec<Row> = resource::Entity::find()
        .select_only()
        .columns([Column::Id, Column::InstanceId, Column::Name, Column::Account])
        .columns([Column::Generation, Column::Labels, Column::Origin])
        .filter(Column::Provider.eq(provider.as_str()))
        .filter(Column::InstanceId.is_in(instance_ids.iter().copied()))
        .filter(Column::RetiredAt.is_null())
        .into_tuple()
        .all(connection)
        .await?;
    let mut agents = agents_of(connection, rows.iter().map(|row| row.0)).await?;
    rows.into_iter()
        .map(|row| {
            let agents = agents.remove(&row.0).unwrap_or_default();
            registered(provider, row, agents)
        })
        .collect()
}

async fn agents_of(
    connection: &impl ConnectionTrait,
    resources: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<CurrentAgent>>, DirectoryError> {
    use agent::Column;
    let rows: Vec<(Uuid, Uuid, String, Option<Uuid>)> = agent::Entity::find()
        .select_only()
        .columns([Column::ResourceId, Column::Id, Column::Name, Column::ParentId])
        .filter(Column::ResourceId.is_in(resources))
        .filter(Column::RetiredAt.is_null())
        .into_tuple()
        .all(connection)
        .await?;
    let mut agents: HashMap<Uuid, Vec<CurrentAgent>> = HashMap::new();
    for (resource_id, id, name, parent_id) in rows {
        agents.entry(resource_id).or_default().push(CurrentAgent { id, name, parent_id });
    }
    Ok(agents)
}

fn registered(
    provider: Provider,
    (id, instance_id, name, account, generation, labels, origin): Row,
    agents: Vec<CurrentAgent>,
) -> Result<(Machine, Registered), DirectoryError> {
    let labels: BTreeMap<String, String> =
        serde_json::from_value(labels).map_err(|_| corrupt(&instance_id))?;
    let origin = Origin::find(&origin).ok_or_else(|| corrupt(&instance_id))?;
    let machine = InstanceId::parse(provider, &instance_id).map_err(|_| corrupt(&instance_id))?;
    let current = Current { id, name, account, generation, labels, agents };
    Ok(((provider, machine), Registered { origin, current }))
}
