//! How does an enrolment become rows? Within the commit of the machine's first token, and only
//! where nothing is or was registered for the machine.

use std::collections::{BTreeMap, HashSet};

use entity::{agent, resource};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use crate::event::Enrolment;

/// Rows in one statement: far below the number of variables that the engines allow.
const TOGETHER: usize = 1_000;

/// The label that names the rule of an enrolled resource.
const LABEL: &str = "enrolment";

/// Registers these machines, but for those that have a registration already, live or retired: an
/// agent of theirs is not found afterwards, and its login begins anew.
///
/// Inserts first and looks then. Whoever registers the same machine meanwhile waits for our row,
/// or was there before and is seen; so nobody can slip in between, nor retire what they slipped in.
pub(in crate::event) async fn enrol(
    connection: &impl ConnectionTrait,
    enrolments: Vec<&Enrolment>,
) -> Result<(), DbErr> {
    // One a machine, and in the same order everywhere, so that two brokers never wait in a circle.
    let machine = |enrolment: &&Enrolment| (enrolment.provider, enrolment.instance_id.clone());
    let mut first: BTreeMap<_, &Enrolment> = BTreeMap::new();
    for enrolment in enrolments {
        first.entry(machine(&enrolment)).or_insert(enrolment);
    }
    let candidates: Vec<&Enrolment> = first.into_values().collect();
    if candidates.is_empty() {
        return Ok(());
    }
    insert_resources(connection, &candidates).await?;
    let taken = registered_otherwise(connection, &candidates).await?;
    let (taken, enrolled): (Vec<&Enrolment>, Vec<&Enrolment>) = candidates
        .into_iter()
        .partition(|of| taken.contains(&(of.provider.as_str().to_owned(), of.instance_id.clone())));
    if !taken.is_empty() {
        let ids = taken.iter().map(|enrolment| enrolment.resource_id);
        resource::Entity::delete_many()
            .filter(resource::Column::Id.is_in(ids))
            .exec(connection)
            .await?;
    }
    insert_agents(connection, &enrolled).await
}

async fn insert_resources(
    connection: &impl ConnectionTrait,
    candidates: &[&Enrolment],
) -> Result<(), DbErr> {
    let rows: Vec<resource::ActiveModel> = candidates.iter().map(|of| resource_row(of)).collect();
    // A live one is there: no conflict of ours, it is seen in the next step.
    let unless_there = OnConflict::new().do_nothing().to_owned();
    resource::Entity::insert_many(rows)
        .on_conflict(unless_there)
        .exec_without_returning(connection)
        .await
        .map(drop)
}

/// The machines among the candidates that have another registration than the candidate's.
async fn registered_otherwise(
    connection: &impl ConnectionTrait,
    candidates: &[&Enrolment],
) -> Result<HashSet<(String, String)>, DbErr> {
    let ours: HashSet<Uuid> = candidates.iter().map(|of| of.resource_id).collect();
    let instances = candidates.iter().map(|of| of.instance_id.as_str());
    let providers: HashSet<&str> = candidates.iter().map(|of| of.provider.as_str()).collect();
    let rows: Vec<(Uuid, String, String)> = resource::Entity::find()
        .select_only()
        .columns([resource::Column::Id, resource::Column::Provider, resource::Column::InstanceId])
        .filter(resource::Column::Provider.is_in(providers))
        .filter(resource::Column::InstanceId.is_in(instances))
        .into_tuple()
        .all(connection)
        .await?;
    let others = rows.into_iter().filter(|(id, ..)| !ours.contains(id));
    Ok(others.map(|(_, provider, instance_id)| (provider, instance_id)).collect())
}

async fn insert_agents(
    connection: &impl ConnectionTrait,
    enrolled: &[&Enrolment],
) -> Result<(), DbErr> {
    let rows: Vec<agent::ActiveModel> = enrolled.iter().flat_map(|of| agent_rows(of)).collect();
    for rows in rows.chunks(TOGETHER) {
        agent::Entity::insert_many(rows.to_vec()).exec_without_returning(connection).await?;
    }
    Ok(())
}

fn resource_row(enrolment: &Enrolment) -> resource::ActiveModel {
    resource::ActiveModel {
        id: Set(enrolment.resource_id),
        provider: Set(enrolment.provider.as_str().to_owned()),
        instance_id: Set(enrolment.instance_id.clone()),
        account: Set(enrolment.account.clone()),
        name: Set(enrolment.name.clone()),
        generation: Set(String::new()),
        labels: Set(json!({ LABEL: enrolment.rule })),
        origin: Set("enrolment".to_owned()),
        created_at: Set(enrolment.at),
        retired_at: Set(None),
    }
}

fn agent_rows(enrolment: &Enrolment) -> impl Iterator<Item = agent::ActiveModel> {
    enrolment.agents.iter().map(|agent| agent::ActiveModel {
        id: Set(agent.id),
        resource_id: Set(enrolment.resource_id),
        parent_id: Set(agent.parent_id),
        name: Set(agent.name.clone()),
        last_seen_at: Set(None),
        created_at: Set(enrolment.at),
        retired_at: Set(None),
    })
}
