//! Every statement that logins, sessions, registrations, lists and removal make, with the plan that
//! the engine has for it: none goes through a whole table that grows.

use std::collections::BTreeSet;

use callsign::broker::Broker;
use callsign::broker::authenticate::{LoginRequest, authenticate};
use callsign::broker::delegate::{DelegationRequest, delegate};
use callsign::broker::deploy::deploy;
use callsign::broker::registration::{register, retire};
use callsign::broker::session::heartbeat;
use callsign::config::Config;
use callsign::directory::query::{Connected, Cursor, Filter, InstanceIds};
use callsign::directory::{
    Converge, ListAgents, ListResources, Retire, ShowAgent, ShowResource, look_ahead,
};
use callsign::identity::IdentityProof;
use callsign::names::{InstanceId, Provider};
use callsign::registration::Registrar;
use callsign::retention::{Keeper, Pace, Parts};
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use tokio::sync::watch;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::scene::Scene;
use crate::support::broker::{declared, enrolment, resource};
use crate::support::database::{is_postgres, texts};
use crate::support::machine::{ACCOUNT, AwsMachine};

const MACHINE: &str = "i-0123456789abcdef0";
const ENROLLED: &str = "i-0fedcba9876543210";

/// The tables that grow with machines, logins and time.
const GROWING: [&str; 6] =
    ["agent", "auth_event", "candidate", "issued_token", "refused_login", "resource"];

async fn log_in(scene: &Scene, machine: &str, name: Option<&str>) -> Option<String> {
    let proof = AwsMachine::new(machine).pkcs7(scene.clock.now());
    let login = LoginRequest {
        request_id: "test".to_owned(),
        proof: IdentityProof::aws_pkcs7(&proof).unwrap(),
        agent_name: name.map(str::to_owned),
    };
    let granted = authenticate(&scene.broker, login).await.ok()?;
    Some(granted.token().jwt().to_owned())
}

/// Whatever an agent's side asks for: tokens, refusals, a first login, a sub-agent's token.
async fn agents_side(scene: &Scene) {
    let token = log_in(scene, MACHINE, Some("main")).await.unwrap();
    assert!(log_in(scene, MACHINE, None).await.is_none());
    assert!(log_in(scene, "i-unknown", None).await.is_none());
    scene.broker.rules.replace(enrolment(&format!(
        "[[enrolment]]\nname = \"r\"\nprovider = \"aws\"\naccounts = [\"{ACCOUNT}\"]\n\
         agents = [{{ name = \"main\" }}]\n"
    )));
    log_in(scene, ENROLLED, None).await.unwrap();
    heartbeat(&scene.broker, Zeroizing::new(token.clone())).await.unwrap();
    let request = DelegationRequest {
        request_id: "test".to_owned(),
        token: Zeroizing::new(token),
        name: "sub".to_owned(),
        lifetime: None,
    };
    delegate(&scene.broker, request).await.unwrap();
}

fn registered(generation: &str) -> Converge {
    let text = resource(MACHINE, &["main", "dev"])
        .replace("{ name = \"dev\" }", "{ name = \"dev\" }, { name = \"sub\", parent = \"main\" }");
    let [spec] = declared(&format!("{text}generation = \"{generation}\"")).try_into().unwrap();
    Converge { spec, by: Registrar::Operator("tests".to_owned()), request_id: None }
}

async fn operators_side(broker: &Broker) {
    register(broker, registered("2")).await.unwrap();
    let mut fewer = registered("2");
    fewer.spec.agents.truncate(1);
    register(broker, fewer).await.unwrap();
    let instance_id = InstanceId::parse(Provider::Aws, MACHINE).unwrap();
    let by = Registrar::Operator("tests".to_owned());
    let retired = Retire { provider: Provider::Aws, instance_id, by, request_id: None };
    retire(broker, retired).await.unwrap();
}

async fn files_side(scene: &Scene) {
    let specs = declared(&resource("i-file", &["main"]));
    deploy(&scene.broker, &specs).await.unwrap();
    look_ahead(&scene.database, &specs).await.unwrap();
    deploy(&scene.broker, &[]).await.unwrap();
}

/// Lists with each filter by itself, and all together.
async fn lists(scene: &Scene) {
    let broker = &scene.broker;
    let since = scene.clock.now() - TimeDelta::seconds(90);
    let aws = Some(Provider::Aws);
    let machine = Some(InstanceIds::parse(None, MACHINE).unwrap());
    let connected = |wanted| Some(Connected { wanted, since });
    let filters = [
        Filter::default(),
        Filter { provider: aws, ..Filter::default() },
        Filter { instance_id: machine.clone(), ..Filter::default() },
        Filter { live: Some(true), ..Filter::default() },
        Filter { live: Some(false), ..Filter::default() },
        Filter { connected: connected(true), ..Filter::default() },
        Filter { connected: connected(false), ..Filter::default() },
        Filter {
            provider: aws,
            instance_id: machine,
            live: Some(true),
            connected: connected(true),
        },
    ];
    for filter in filters {
        for after in [None, Some(Uuid::nil())] {
            let cursor = Cursor { limit: 100, after };
            let resources = ListResources(filter.clone(), cursor);
            broker.list_resources.ask(resources).await.unwrap().unwrap();
            broker.list_agents.ask(ListAgents(filter.clone(), cursor)).await.unwrap().unwrap();
        }
    }
    broker.show_resource.ask(ShowResource(Uuid::nil())).await.unwrap().unwrap();
    broker.show_agent.ask(ShowAgent(Uuid::nil())).await.unwrap().unwrap();
}

async fn removal(scene: &Scene) {
    let (_stop, stopped) = watch::channel(false);
    let broker = &scene.broker;
    broker.rules.replace(Vec::new());
    let text = "[retention]\naudit_events = \"1h\"";
    let parts = Parts {
        database: scene.database.clone(),
        retention: Config::parse([("a.toml".as_ref(), text)], []).unwrap().retention,
        leeway: std::time::Duration::from_secs(60),
        rules: broker.rules.clone(),
        clock: broker.clock.clone(),
        bus: broker.bus.clone(),
        metrics: broker.metrics.clone(),
        random: || 0.0,
    };
    let mut keeper = Keeper::new(parts, Pace { rows: 100, rest: 0 }, stopped);
    for _ in 0..100 {
        keeper.look().await.unwrap();
        scene.clock.move_by(TimeDelta::days(1));
    }
}

/// What the engine does for this statement, a line a step.
async fn plan(sql: &DatabaseConnection, statement: &str) -> Vec<String> {
    let backend = sql.get_database_backend();
    let run = async |text: String| {
        let rows = sql.query_all_raw(Statement::from_string(backend, text)).await;
        rows.unwrap_or_else(|error| panic!("{statement}: {error}"))
    };
    if !is_postgres() {
        let rows = run(format!("EXPLAIN QUERY PLAN {statement}")).await;
        return rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
    }
    let values = (1..).take_while(|number| statement.contains(&format!("${number}"))).count();
    let nulls = vec!["NULL"; values].join(", ");
    let arguments = if values == 0 { String::new() } else { format!("({nulls})") };
    sql.execute_unprepared(&format!("PREPARE planned AS {statement}")).await.unwrap();
    let rows = run(format!("EXPLAIN EXECUTE planned{arguments}")).await;
    sql.execute_unprepared("DEALLOCATE planned").await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// The steps of a plan that take the longer the more there is: those that go through a whole table
/// that grows, and those that sort for a page all that it could be taken from. A page along an
/// index that stops at its limit does neither, and what is there of one machine is little. PostgreSQL
/// sorts where there is little, by its statistics; so there only what no index serves is slow.
fn slow<'p>(statement: &str, plan: &'p [String]) -> Vec<&'p str> {
    let is_page = statement.contains("LIMIT") && !statement.contains("\"instance_id\" =");
    let stops = is_page && !is_postgres();
    let is_sort = |step: &str| stops && step.contains("TEMP B-TREE FOR ORDER BY");
    let is_scan = |step: &str| {
        let whole = |table| [format!("Seq Scan on {table} "), format!("SCAN {table} ")];
        let tables = GROWING.iter().flat_map(whole);
        tables.into_iter().any(|whole| format!("{step} ").contains(&whole))
    };
    let is_slow = |step: &&str| is_sort(step) || (is_scan(step) && !stops);
    plan.iter().map(String::as_str).filter(is_slow).collect()
}

/// The statements, with their plans, in which there are steps of a kind.
async fn with_steps(
    sql: &DatabaseConnection,
    statements: &BTreeSet<String>,
    steps: impl for<'p> Fn(&str, &'p [String]) -> Vec<&'p str>,
) -> Vec<String> {
    let mut found = Vec::new();
    for statement in statements.iter().filter(|sql| is_planned(sql)) {
        let plan = plan(sql, statement).await;
        if !steps(statement, &plan).is_empty() {
            found.push(format!("{statement}\n    {}", plan.join("\n    ")));
        }
    }
    found
}

#[actix::test]
async fn no_statement_goes_through_a_whole_table_that_grows() {
    let scene = Scene::set().await;
    register(&scene.broker, registered("1")).await.unwrap();
    agents_side(&scene).await;
    lists(&scene).await;
    operators_side(&scene.broker).await;
    files_side(&scene).await;
    removal(&scene).await;
    let statements = scene.statements();
    for table in GROWING {
        assert!(statements.iter().any(|sql| sql.contains(&format!("\"{table}\""))), "{table}");
    }
    if is_postgres() {
        // Tables of a few rows are scanned whatever there is; so it is asked what else there would be.
        for setting in ["enable_seqscan = off", "plan_cache_mode = force_generic_plan"] {
            scene.sql.execute_unprepared(&format!("SET {setting}")).await.unwrap();
        }
    }
    let wrong = with_steps(&scene.sql, &statements, slow).await;
    scene.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The steps of a login's plan that could read what has ended: those that come to rows of `agent`
/// and `resource` neither one by one, nor as live ones, nor as those of one machine.
fn reads_ended(plan: &[String]) -> Vec<&str> {
    const LEADS: [&str; 3] =
        ["(id=?)", "retired_at=?", "resource_of_instance (provider=? AND instance_id=?)"];
    let is_of = |step: &str, table| step.contains(&format!(" {table} USING "));
    let steps = plan.iter().map(String::as_str);
    let registrations = steps.filter(|step| is_of(step, "agent") || is_of(step, "resource"));
    registrations.filter(|step| !LEADS.iter().any(|lead| step.contains(lead))).collect()
}

/// PostgreSQL plans by what it knows of the values in a table, so that a small one tells nothing.
#[actix::test]
async fn a_login_reads_nothing_that_has_ended() {
    if is_postgres() {
        return;
    }
    let scene = Scene::set().await;
    register(&scene.broker, registered("1")).await.unwrap();
    let statements = scene.statements_of(agents_side(&scene)).await;
    assert!(!statements.is_empty());
    let wrong = with_steps(&scene.sql, &statements, |_, plan| reads_ended(plan)).await;
    scene.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// SQLite counts the agents that end: while it counts none, a commit asks for none by its id, in a
/// place of its own among all there are.
#[actix::test]
async fn a_commit_looks_at_agents_again_only_where_one_has_ended() {
    if is_postgres() {
        return;
    }
    let scene = Scene::set().await;
    register(&scene.broker, registered("1")).await.unwrap();
    let login = async { assert!(log_in(&scene, MACHINE, Some("main")).await.is_some()) };
    let statements = scene.statements_of(login).await;
    scene.stop().await;
    let looks = |at: &str| statements.iter().filter(|sql| sql.contains(at)).count();
    assert_eq!((looks("\"agent\".\"id\" IN"), looks("\"ended_agents\"")), (0, 2), "{statements:?}");
}

/// Machines log in in no order. Whatever were to be found by agent would be written all over the
/// place: a page of its own for each login of a commit.
#[actix::test]
async fn what_logins_write_lies_in_the_order_in_which_it_is_written() {
    let scene = Scene::set().await;
    let sql = match is_postgres() {
        true => {
            "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() \
             AND tablename IN ('issued_token', 'auth_event') ORDER BY 1"
        }
        false => {
            "SELECT i.name || ': ' || c.name FROM pragma_table_list AS t \
             JOIN pragma_index_list(t.name) AS i JOIN pragma_index_info(i.name) AS c \
             WHERE t.name IN ('issued_token', 'auth_event') ORDER BY 1"
        }
    };
    let indexes = texts(&scene.sql, sql).await;
    scene.stop().await;
    // Ids tell the time at which they were made, and `seq` counts.
    let in_order = [": id", "(id)", "(seq)"];
    let other = indexes.iter().filter(|index| !in_order.iter().any(|key| index.ends_with(key)));
    assert_eq!(other.collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(indexes.len() >= 2, "{indexes:?}");
}

/// What the engines plan; locks and pragmas are none.
fn is_planned(sql: &str) -> bool {
    let verb = sql.split_whitespace().next().unwrap_or_default();
    ["SELECT", "UPDATE", "DELETE"].contains(&verb) && !sql.contains("pg_advisory")
}

#[test]
fn a_whole_scan_and_a_sort_are_seen_and_a_page_along_an_index_is_neither() {
    let page = "SELECT * FROM agent ORDER BY id LIMIT 2";
    let of_machine = "SELECT * FROM resource WHERE \"instance_id\" = ? ORDER BY id LIMIT 2";
    let on_sqlite = [
        ("SELECT * FROM agent", vec!["SCAN agent"], 1),
        ("SELECT * FROM agent", vec!["SEARCH agent USING INDEX agent_parent (parent_id=?)"], 0),
        (page, vec!["SCAN agent USING INDEX sqlite_autoindex_agent_1"], 0),
        (page, vec!["SEARCH agent USING INDEX a (b=?)", "USE TEMP B-TREE FOR ORDER BY"], 1),
        (of_machine, vec!["SEARCH resource USING INDEX r", "USE TEMP B-TREE FOR ORDER BY"], 0),
        ("SELECT * FROM signing_key", vec!["SCAN signing_key"], 0),
    ];
    let on_postgres = [
        (page, vec!["Limit", "  ->  Seq Scan on agent  (cost=1"], 1),
        (page, vec!["Limit", "  ->  Index Scan using agent_pkey on agent  (cost=1"], 0),
        (page, vec!["Limit", "  ->  Sort  (cost=1", "  ->  Index Scan using a on agent"], 0),
    ];
    let table = if is_postgres() { on_postgres.as_slice() } else { on_sqlite.as_slice() };
    for (statement, steps, expected) in table {
        let plan: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        assert_eq!(slow(statement, &plan).len(), *expected, "{statement} {steps:?}");
    }
}
