//! How are registrations kept? Rows to the directory's types, and plans to rows.

mod change;
mod list;
mod registration;
mod snapshot;

pub(super) use change::{converge, retire};
pub(super) use list::{list_agents, list_resources, show_agent, show_resource};
pub use snapshot::look_ahead;

use entity::{agent, resource};
use sea_orm::sea_query::{Expr, IntoCondition as _, JoinType};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, DynIden, EntityTrait, ExprTrait as _, QueryFilter,
    QuerySelect, RelationTrait as _, Select, SqlErr,
};
use uuid::Uuid;

use super::messages::DirectoryError;
use super::selection::{LiveResource, RootAgent, admits};
use crate::names::{InstanceId, Provider};
use crate::registration::Origin;

impl From<DbErr> for DirectoryError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Overtaken,
            _ => Self::Database(error.to_string()),
        }
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

fn live(provider: Provider, instance_id: &InstanceId) -> Select<resource::Entity> {
    resource::Entity::find()
        .filter(resource::Column::Provider.eq(provider.as_str()))
        .filter(resource::Column::InstanceId.eq(instance_id.as_str()))
        .filter(resource::Column::RetiredAt.is_null())
}

fn corrupt(instance_id: &str) -> DirectoryError {
    DirectoryError::Corrupt(instance_id.to_owned())
}
