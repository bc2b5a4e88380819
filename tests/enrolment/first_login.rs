//! The first login registers, once, with the first token.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::{Value, json};

use super::{MACHINE, count, rule};
use crate::support::broker::TestBroker;
use crate::support::database::{is_postgres, texts};
use crate::support::machine::{ACCOUNT, AwsMachine};

#[actix::test]
async fn the_first_login_of_a_machine_that_a_rule_describes_registers_it() {
    let broker = TestBroker::start(&rule("runners", &["main", "dev"], "")).await;
    let machine = AwsMachine::new(MACHINE);
    let token = broker.token(&machine, Some("dev")).await;
    let me = broker.get_as("/v1/agents/me", &token).await;
    assert_eq!((me.status, &me.json()["agent"]["name"]), (200, &json!("dev")));
    // From now on it is registered like any other, and another agent of it finds that.
    broker.token(&machine, Some("main")).await;
    let sql = broker.sql().await;
    let resources = texts(&sql, "SELECT origin || ' ' || name || ' ' || account || ' ' || replace(CAST(labels AS text), ' ', '') FROM resource WHERE retired_at IS NULL").await;
    let label = r#"{"enrolment":"runners"}"#;
    assert_eq!(resources, [format!("enrolment {MACHINE} {ACCOUNT} {label}")]);
    assert_eq!(texts(&sql, "SELECT name FROM agent ORDER BY name").await, ["dev", "main"]);
}

#[actix::test]
async fn the_audit_log_names_the_rule_before_the_token() {
    let broker = TestBroker::start(&rule("runners", &["main"], "")).await;
    broker.token(&AwsMachine::new(MACHINE), None).await;
    let sql = broker.sql().await;
    let kinds = texts(&sql, "SELECT kind FROM auth_event ORDER BY seq").await;
    assert_eq!(kinds, ["broker-started", "instance-enrolled", "login-granted"]);
    let body = texts(&sql, "SELECT body FROM auth_event WHERE kind = 'instance-enrolled'").await;
    let body: Value = serde_json::from_str(&body[0]).unwrap();
    assert_eq!(
        (&body["rule"], &body["instance_id"], &body["account"]),
        (&json!("runners"), &json!(MACHINE), &json!(ACCOUNT))
    );
    let requests = texts(&sql, "SELECT DISTINCT request_id FROM auth_event WHERE seq > 1").await;
    assert_eq!(requests.len(), 1);
}

#[actix::test]
async fn first_logins_of_all_agents_at_once_all_succeed_on_one_registration() {
    let broker = TestBroker::start(&rule("runners", &["main", "dev"], "")).await;
    let machine = AwsMachine::new(MACHINE);
    let names = (0..24_u32).map(|index| if index.is_multiple_of(2) { "main" } else { "dev" });
    let logins = names.map(|name| broker.log_in(&machine, Some(name)));
    let answers = join_all(logins).await;
    let of = |member: &str| -> BTreeSet<String> {
        let ids = answers.iter().map(|answer| {
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.json()[member]["id"].to_string()
        });
        ids.collect()
    };
    assert_eq!((of("resource").len(), of("agent").len()), (1, 2));
    let sql = broker.sql().await;
    assert_eq!(count(&sql, "SELECT count(*) FROM resource").await, 1);
    assert_eq!(count(&sql, "SELECT count(*) FROM agent").await, 2);
    assert_eq!(count(&sql, "SELECT count(*) FROM issued_token").await, 24);
    let enrolled = "SELECT count(*) FROM auth_event WHERE kind = 'instance-enrolled'";
    assert_eq!(count(&sql, enrolled).await, 1);
}

#[actix::test]
async fn many_machines_at_once_are_each_registered_once() {
    let broker = TestBroker::start(&rule("runners", &["main", "dev"], "")).await;
    let machines: Vec<AwsMachine> =
        (0..20).map(|index| AwsMachine::new(&format!("i-{index:017}"))).collect();
    let logins = machines
        .iter()
        .flat_map(|machine| ["main", "dev"].map(|name| broker.log_in(machine, Some(name))));
    let answers = join_all(logins).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let sql = broker.sql().await;
    assert_eq!(count(&sql, "SELECT count(*) FROM resource").await, 20);
    assert_eq!(count(&sql, "SELECT count(*) FROM agent").await, 40);
}

#[actix::test]
async fn several_agents_and_no_name_is_a_conflict_that_registers_nothing() {
    let broker = TestBroker::start(&rule("runners", &["main", "dev"], "")).await;
    let machine = AwsMachine::new(MACHINE);
    let conflict = broker.log_in(&machine, None).await;
    assert_eq!(conflict.verdict(), "409 agent-ambiguous");
    assert_eq!(conflict.json()["agents"], json!(["dev", "main"]));
    let unknown = broker.log_in(&machine, Some("Main")).await;
    assert_eq!(unknown.verdict(), "404 agent-unknown");
    assert_eq!(count(&broker.sql().await, "SELECT count(*) FROM resource").await, 0);
    for name in ["dev", "main"] {
        broker.token(&machine, Some(name)).await;
    }
}

#[actix::test]
async fn sub_agents_of_a_rule_are_registered_and_never_log_in() {
    let rule = rule("runners", &["main"], "").replace(
        "{ name = \"main\" }",
        "{ name = \"lint\", parent = \"main\" }, { name = \"main\" }",
    );
    let broker = TestBroker::start(&rule).await;
    let machine = AwsMachine::new(MACHINE);
    assert_eq!(broker.log_in(&machine, Some("lint")).await.verdict(), "404 agent-unknown");
    broker.token(&machine, None).await;
    let parents = "SELECT child.name || '<' || parent.name FROM agent child JOIN agent parent ON child.parent_id = parent.id";
    assert_eq!(texts(&broker.sql().await, parents).await, ["lint<main"]);
}

/// Lets the database refuse every new row of a table, as a full disk would.
async fn take_no_more(sql: &DatabaseConnection, table: &str) {
    let refuse = match is_postgres() {
        true => format!("ALTER TABLE {table} ADD CONSTRAINT no_more CHECK (false) NOT VALID"),
        false => format!(
            "CREATE TRIGGER no_more BEFORE INSERT ON {table} \
             BEGIN SELECT RAISE(ABORT, 'no more'); END"
        ),
    };
    sql.execute_unprepared(&refuse).await.unwrap();
}

async fn take_again(sql: &DatabaseConnection, table: &str) {
    let allow = match is_postgres() {
        true => format!("ALTER TABLE {table} DROP CONSTRAINT no_more"),
        false => "DROP TRIGGER no_more".to_owned(),
    };
    sql.execute_unprepared(&allow).await.unwrap();
}

/// A token that cannot be recorded leaves no registration behind.
#[actix::test]
async fn a_registration_without_its_token_is_not_kept() {
    let broker = TestBroker::start(&rule("runners", &["main"], "")).await;
    let sql = broker.sql().await;
    take_no_more(&sql, "issued_token").await;
    let machine = AwsMachine::new(MACHINE);
    assert_eq!(broker.log_in(&machine, None).await.verdict(), "503 unavailable");
    assert_eq!(count(&sql, "SELECT count(*) FROM resource").await, 0);
    assert_eq!(count(&sql, "SELECT count(*) FROM agent").await, 0);
    take_again(&sql, "issued_token").await;
    broker.token(&machine, None).await;
}

/// And one that cannot be registered gets no token.
#[actix::test]
async fn a_token_without_its_registration_is_not_given() {
    let broker = TestBroker::start(&rule("runners", &["main"], "")).await;
    let sql = broker.sql().await;
    take_no_more(&sql, "agent").await;
    assert_eq!(broker.log_in(&AwsMachine::new(MACHINE), None).await.verdict(), "503 unavailable");
    for table in ["resource", "issued_token"] {
        assert_eq!(count(&sql, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}
