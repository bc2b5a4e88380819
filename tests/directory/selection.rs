//! The selection against a naive model, over rows of every state in a real database.

use callsign::directory::selection::{LiveResource, RootAgent, select};
use callsign::directory::{FindAgent, Refused};
use callsign::event::AsOf;
use callsign::identity::{IdentityProof, VerifiedInstance, VerifyIdentity};
use callsign::names::new_id;
use entity::{agent, resource};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, EntityTrait};

use super::verified;
use crate::support::broker::TestBroker;
use crate::support::machine::{ACCOUNT, AwsMachine};
use crate::support::rows;

const MACHINE: &str = "i-0123456789abcdef0";
const NAMES: [&str; 6] = ["main", "Main", "MAIN", "dev", "a", "b-2"];

/// A registration in any state, with agents in any state.
#[derive(Clone, Debug)]
struct Registration {
    provider: &'static str,
    instance_id: &'static str,
    account: &'static str,
    is_live: bool,
    agents: Vec<Agent>,
}

#[derive(Clone, Debug)]
struct Agent {
    name: &'static str,
    is_live: bool,
    is_sub: bool,
}

fn agents() -> impl Strategy<Value = Vec<Agent>> {
    let agent = (prop::sample::select(&NAMES[..]), prop::bool::weighted(0.7), any::<bool>());
    let agent = agent.prop_map(|(name, is_live, other)| Agent { name, is_live, is_sub: other });
    prop::collection::vec(agent, 0..5)
}

fn registrations() -> impl Strategy<Value = Vec<Registration>> {
    let registration = (
        prop::sample::select(&["aws", "aws", "aws", "google", "azure"][..]),
        prop::sample::select(&[MACHINE, MACHINE, "i-other"][..]),
        prop::sample::select(&["", ACCOUNT, ACCOUNT, "999999999999"][..]),
        any::<bool>(),
        agents(),
    );
    let registration =
        registration.prop_map(|(provider, instance_id, account, is_live, agents)| Registration {
            provider,
            instance_id,
            account,
            is_live,
            agents,
        });
    prop::collection::vec(registration, 0..6).prop_map(possible)
}

fn wanted() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        4 => prop::sample::select(&NAMES[..]).prop_map(|name| Some(name.to_owned())),
        1 => any::<String>().prop_map(Some),
    ]
}

/// Leaves out what the schema refuses: a second live resource of an instance, a second live agent
/// of a name.
fn possible(registrations: Vec<Registration>) -> Vec<Registration> {
    let mut kept: Vec<Registration> = Vec::new();
    for mut registration in registrations {
        let of_same = |other: &Registration| {
            let machine = |of: &Registration| (of.provider, of.instance_id, of.is_live);
            other.is_live && machine(other) == machine(&registration)
        };
        if kept.iter().any(of_same) {
            continue;
        }
        let mut taken = Vec::new();
        registration.agents.retain(|agent| {
            let name = agent.name.to_lowercase();
            let is_free = !agent.is_live || !taken.contains(&name);
            taken.extend(agent.is_live.then_some(name));
            is_free
        });
        kept.push(registration);
    }
    kept
}

/// The rule, as the contract tells it and as slowly as that may be: the chosen name, or why none.
fn model(registrations: &[Registration], wanted: Option<&str>) -> Result<String, Refused> {
    let own: Vec<&Registration> = registrations
        .iter()
        .filter(|one| one.provider == "aws" && one.instance_id == MACHINE)
        .filter(|one| ["", ACCOUNT].contains(&one.account))
        .collect();
    let Some(live) = own.iter().find(|one| one.is_live) else {
        let retired = !own.is_empty();
        return Err(if retired { Refused::InstanceRetired } else { Refused::InstanceUnknown });
    };
    let roots = live.agents.iter().filter(|agent| agent.is_live && !agent.is_sub);
    let mut names: Vec<String> = roots.map(|agent| agent.name.to_owned()).collect();
    names.sort();
    match wanted {
        Some(wanted) if names.iter().any(|name| name == wanted) => Ok(wanted.to_owned()),
        None if names.len() == 1 => Ok(names.remove(0)),
        None if names.len() > 1 => Err(Refused::AgentAmbiguous { agents: names }),
        _ => Err(Refused::AgentUnknown { agents: names }),
    }
}

async fn write(sql: &DatabaseConnection, registrations: &[Registration]) {
    for table in ["agent", "resource"] {
        sql.execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
    }
    let ended = |is_live: bool| (!is_live).then(rows::now);
    for registration in registrations {
        let row = resource::ActiveModel {
            provider: Set(registration.provider.to_owned()),
            account: Set(registration.account.to_owned()),
            ..rows::resource(registration.instance_id, ended(registration.is_live))
        };
        let on = row.id.clone().unwrap();
        resource::Entity::insert(row).exec_without_returning(sql).await.unwrap();
        // The parent of the sub-agents has ended, so that it is no candidate itself.
        let parent = rows::agent(on, "parent", Some(rows::now()));
        let mut agents = vec![parent.clone()];
        agents.extend(registration.agents.iter().map(|one| agent::ActiveModel {
            parent_id: Set(one.is_sub.then(|| parent.id.clone().unwrap())),
            ..rows::agent(on, one.name, ended(one.is_live))
        }));
        agent::Entity::insert_many(agents).exec_without_returning(sql).await.unwrap();
    }
}

/// A broker, the machine as it was proven, and the tables behind it.
struct Scene {
    broker: TestBroker,
    instance: VerifiedInstance,
    sql: DatabaseConnection,
}

impl Scene {
    async fn set() -> Self {
        let broker = TestBroker::start("").await;
        let proof = AwsMachine::new(MACHINE).pkcs7(broker.clock.now());
        let proof = IdentityProof::aws_pkcs7(&proof).unwrap();
        let verified = broker.service.broker().verify.ask(VerifyIdentity { proof }).await;
        let sql = broker.sql().await;
        Self { broker, instance: verified.unwrap().unwrap(), sql }
    }

    async fn find(&self, name: Option<&str>) -> Result<String, Refused> {
        let (instance, name) = (self.instance.clone(), name.map(str::to_owned));
        let found = self.broker.service.broker().find.ask(FindAgent { instance, name }).await;
        found.unwrap().unwrap().map(|agent| agent.name().to_owned())
    }
}

#[test]
fn the_directory_selects_as_a_naive_reading_of_the_rule_does() {
    let system = actix::System::new();
    let scene = system.block_on(Scene::set());
    let mut runner = TestRunner::new(Config { cases: 96, ..Config::default() });
    let outcome = runner.run(&(registrations(), wanted()), |(registrations, wanted)| {
        let expected = model(&registrations, wanted.as_deref());
        let (found, sent_back) = system.block_on(async {
            write(&scene.sql, &registrations).await;
            let found = scene.find(wanted.as_deref()).await;
            let mut sent_back = Vec::new();
            if let Err(Refused::AgentAmbiguous { agents }) = &found {
                for name in agents {
                    sent_back.push((name.clone(), scene.find(Some(name)).await));
                }
            }
            (found, sent_back)
        });
        prop_assert_eq!(found, expected);
        for (name, found) in sent_back {
            prop_assert_eq!(found, Ok(name));
        }
        Ok::<(), TestCaseError>(())
    });
    outcome.unwrap();
}

/// The schema forbids two live agents of one name; what is offered would not say a name twice even
/// without it.
#[test]
fn the_names_that_are_offered_are_sorted_and_distinct() {
    let instance = verified(MACHINE);
    let agent = |name: &str| RootAgent { id: new_id(rows::now()), name: name.to_owned() };
    let resource = LiveResource {
        id: new_id(rows::now()),
        name: "machine".to_owned(),
        account: String::new(),
        root_agents: ["main", "dev", "main"].map(agent).into(),
        as_of: AsOf::UNKNOWN,
    };
    let agents = vec!["dev".to_owned(), "main".to_owned()];
    let refused = select(Some(resource.clone()), instance.clone(), None).unwrap_err();
    assert_eq!(refused, Refused::AgentAmbiguous { agents: agents.clone() });
    let refused = select(Some(resource), instance, Some("Main")).unwrap_err();
    assert_eq!(refused, Refused::AgentUnknown { agents });
}
