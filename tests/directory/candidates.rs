//! Is `candidate` what the registrations say, whatever statement changes them? Logins read nothing
//! else, so a row that stays behind there would be a stale agent that gets a token.

use entity::{agent, candidate, resource};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, EntityTrait as _};
use uuid::Uuid;

use crate::support::database::{Opened, is_postgres};

const MACHINES: [&str; 2] = ["i-1", "i-2"];
const RESOURCES: [u128; 3] = [1, 2, 3];
const AGENTS: [u128; 5] = [11, 12, 13, 14, 15];

/// When a row ends; mostly, it does not.
fn ended() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("NULL"), 1 => Just("'2026-11-29T00:00:00+00:00'")]
}

fn id(of: &'static [u128]) -> impl Strategy<Value = String> {
    select(of).prop_map(|id| match is_postgres() {
        true => format!("'{}'", Uuid::from_u128(id)),
        false => format!("x'{}'", Uuid::from_u128(id).simple()),
    })
}

fn parent() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just("NULL".to_owned()), 1 => id(&AGENTS)]
}

fn name() -> impl Strategy<Value = &'static str> {
    select(vec!["main", "Main", "dev"])
}

fn machine() -> impl Strategy<Value = &'static str> {
    select(MACHINES.to_vec())
}

fn new_resource() -> impl Strategy<Value = String> {
    (id(&RESOURCES), machine(), ended()).prop_map(|(id, machine, ended)| {
        format!(
            "INSERT INTO resource (id, provider, instance_id, account, name, generation, labels, \
             origin, created_at, retired_at) VALUES ({id}, 'aws', '{machine}', '', 'n', '', '{{}}', \
             'api', '2026-11-28T00:00:00+00:00', {ended})"
        )
    })
}

fn new_agent() -> impl Strategy<Value = String> {
    (id(&AGENTS), id(&RESOURCES), parent(), name(), ended()).prop_map(
        |(id, on, parent, name, ended)| {
            format!(
                "INSERT INTO agent (id, resource_id, parent_id, name, created_at, retired_at) \
                 VALUES ({id}, {on}, {parent}, '{name}', '2026-11-28T00:00:00+00:00', {ended})"
            )
        },
    )
}

fn resource_change() -> impl Strategy<Value = String> {
    let change = prop_oneof![
        ended().prop_map(|ended| format!("retired_at = {ended}")),
        name().prop_map(|name| format!("name = '{name}'")),
        name().prop_map(|account| format!("account = '{account}'")),
        machine().prop_map(|machine| format!("instance_id = '{machine}'")),
        Just("provider = 'google'".to_owned()),
        id(&RESOURCES).prop_map(|id| format!("id = {id}")),
    ];
    (id(&RESOURCES), change)
        .prop_map(|(id, change)| format!("UPDATE resource SET {change} WHERE id = {id}"))
}

fn agent_change() -> impl Strategy<Value = String> {
    let change = prop_oneof![
        ended().prop_map(|ended| format!("retired_at = {ended}")),
        name().prop_map(|name| format!("name = '{name}'")),
        parent().prop_map(|parent| format!("parent_id = {parent}")),
        id(&RESOURCES).prop_map(|on| format!("resource_id = {on}")),
        id(&AGENTS).prop_map(|id| format!("id = {id}")),
    ];
    (id(&AGENTS), change)
        .prop_map(|(id, change)| format!("UPDATE agent SET {change} WHERE id = {id}"))
}

/// Anything that may be done to registrations, also what callsign never does.
fn statement() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => new_resource(),
        8 => new_agent(),
        4 => resource_change(),
        6 => agent_change(),
        1 => id(&RESOURCES).prop_map(|id| format!("DELETE FROM resource WHERE id = {id}")),
        1 => id(&AGENTS).prop_map(|id| format!("DELETE FROM agent WHERE id = {id}")),
        1 => ended().prop_map(|ended| format!("UPDATE agent SET retired_at = {ended}")),
        1 => ended().prop_map(|ended| format!("UPDATE resource SET retired_at = {ended}")),
    ]
}

/// What `candidate` says.
async fn told(sql: &DatabaseConnection) -> Vec<candidate::Model> {
    sorted(candidate::Entity::find().all(sql).await.unwrap())
}

/// What it should say: each live resource with each of its live root agents, or with none.
async fn due(sql: &DatabaseConnection) -> Vec<candidate::Model> {
    let resources = resource::Entity::find().all(sql).await.unwrap();
    let agents = agent::Entity::find().all(sql).await.unwrap();
    let mut due = Vec::new();
    for resource in resources.iter().filter(|resource| resource.retired_at.is_none()) {
        let roots = agents.iter().filter(|agent| {
            let is_live_root = agent.retired_at.is_none() && agent.parent_id.is_none();
            is_live_root && agent.resource_id == resource.id
        });
        let mut roots: Vec<Option<&agent::Model>> = roots.map(Some).collect();
        if roots.is_empty() {
            roots.push(None);
        }
        due.extend(roots.into_iter().map(|root| candidate::Model {
            provider: resource.provider.clone(),
            instance_id: resource.instance_id.clone(),
            agent_name: root.map(|root| root.name.clone()).unwrap_or_default(),
            agent_id: root.map(|root| root.id),
            resource_id: resource.id,
            resource_name: resource.name.clone(),
            account: resource.account.clone(),
        }));
    }
    sorted(due)
}

fn sorted(mut rows: Vec<candidate::Model>) -> Vec<candidate::Model> {
    let key = |row: &candidate::Model| {
        (row.provider.clone(), row.instance_id.clone(), row.agent_name.clone())
    };
    rows.sort_by_key(key);
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn candidates_are_the_live_root_agents_of_live_resources_after_every_statement(
        statements in vec(statement(), 10..60)
    ) {
        actix::System::new().block_on(async {
            let opened = Opened::new().await;
            let mut is_any_taken = false;
            for statement in &statements {
                // What the schema forbids is refused as a whole.
                is_any_taken |= opened.sql.execute_unprepared(statement).await.is_ok();
                assert_eq!(told(&opened.sql).await, due(&opened.sql).await, "after {statement}");
            }
            assert!(is_any_taken, "nothing was done");
        });
    }
}
