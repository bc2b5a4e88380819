//! Does a dry run tell what a login would, and leave nothing behind but its trace?

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _};
use serde_json::{Value, json};

use crate::support::azure;
use crate::support::broker::{Answer, TestBroker, resource, resource_on};
use crate::support::machine::{ACCOUNT, AwsMachine, GoogleMachine, STRANGER};
use crate::support::patience::until;

const MACHINE: &str = "i-0123456789abcdef0";
const LOGIN: &str = "/v1/login/aws";

fn dry(mut body: Value) -> Value {
    body["dry_run"] = json!(true);
    body
}

async fn dry_run(broker: &TestBroker, machine: &AwsMachine, name: Option<&str>) -> Answer {
    broker.post(LOGIN, &dry(machine.login(broker.clock.now(), name))).await
}

async fn tokens(broker: &TestBroker) -> u64 {
    entity::issued_token::Entity::find().count(&broker.sql().await).await.unwrap()
}

/// The count of logins by outcome, once there is one of this outcome: the decision log counts after
/// the answer.
async fn outcomes(broker: &TestBroker, awaited: &str) -> BTreeMap<String, String> {
    let count = async || {
        let page = broker.get("/metrics").await.text;
        let counts = page.lines().filter_map(|line| {
            let rest = line.strip_prefix("callsign_logins_total{")?;
            let (labels, count) = rest.split_once("\"} ")?;
            let (_, outcome) = labels.split_once("outcome=\"")?;
            Some((outcome.to_owned(), count.to_owned()))
        });
        let counts: BTreeMap<String, String> = counts.collect();
        counts.contains_key(awaited).then_some(counts)
    };
    until(&format!("{awaited} is counted"), count).await
}

#[actix::test]
async fn a_dry_run_tells_the_agent_and_its_resource_and_gives_no_token() {
    let broker = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
    let machine = AwsMachine::new(MACHINE);
    let tried = dry_run(&broker, &machine, Some(" dev ")).await;
    assert_eq!((tried.status, tried.header("cache-control")), (200, Some("no-store")));
    assert_eq!(tokens(&broker).await, 0);

    let login = broker.log_in(&machine, Some("dev")).await.json();
    let expected =
        json!({ "dry_run": true, "agent": login["agent"], "resource": login["resource"] });
    assert_eq!(tried.json(), expected);
}

#[actix::test]
async fn it_is_on_record_as_what_it_was() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let tried = dry_run(&broker, &AwsMachine::new(MACHINE), None).await.json();
    let expected = json!({
        "kind": "login-dry-run",
        "proof_kind": "aws:rsa2048",
        "provider": "aws",
        "instance_id": MACHINE,
        "resource_id": tried["resource"]["id"],
        "agent_id": tried["agent"]["id"],
        "agent_name": "main",
    });
    assert_eq!(broker.events().await.last(), Some(&expected));
}

/// In the order of decisions, so that a dry run is no way round one of them.
#[actix::test]
async fn whatever_refuses_a_login_refuses_a_dry_run_with_the_same_words() {
    const RETIRED: &str = "i-0eeeeeeeeeeeeeeee";
    let others = resource("i-0bbbbbbbbbbbbbbbb", &["only"]);
    let toml = format!("identity.aws.accounts = [\"{ACCOUNT}\"]\n{others}");
    let broker = TestBroker::start(
        &(toml.clone() + &resource(MACHINE, &["main", "dev"]) + &resource(RETIRED, &["main"])),
    )
    .await;
    broker.reload(&(toml + &resource(MACHINE, &["main", "dev"]))).await;

    let now = broker.clock.now();
    let forged = AwsMachine::new(MACHINE).pkcs7_by(&STRANGER, now);
    let stranger = AwsMachine::new(MACHINE).in_account("999999999999");
    for (body, verdict) in [
        (json!({ "agent_name": "main" }), "400 malformed-request"),
        (json!({ "pkcs7": "%", "agent_name": "main" }), "400 malformed-request"),
        (json!({ "pkcs7": forged, "agent_name": "main" }), "401 identity-rejected"),
        (stranger.login(now, Some("main")), "403 not-allowed"),
        (AwsMachine::new("i-0ffffffffffffffff").login(now, None), "404 instance-unknown"),
        (AwsMachine::new(MACHINE).login(now, Some("Main")), "404 agent-unknown"),
        (AwsMachine::new(MACHINE).login(now, None), "409 agent-ambiguous"),
        (AwsMachine::new(RETIRED).login(now, None), "410 instance-retired"),
    ] {
        let without_id = |answer: Answer| {
            assert_eq!(answer.verdict(), verdict, "{}", answer.text);
            let mut problem = answer.json();
            problem["request_id"].take();
            problem
        };
        let refused = without_id(broker.post(LOGIN, &body).await);
        assert_eq!(without_id(broker.post(LOGIN, &dry(body)).await), refused);
    }
    assert_eq!(tokens(&broker).await, 0);
}

#[actix::test]
async fn a_machine_that_a_rule_describes_is_not_registered_by_it() {
    let rule = format!(
        "[[enrolment]]\nname = \"runners\"\nprovider = \"aws\"\naccounts = [\"{ACCOUNT}\"]\n\
         agents = [{{ name = \"main\" }}, {{ name = \"dev\" }}]\n"
    );
    let broker = TestBroker::start(&rule).await;
    let machine = AwsMachine::new(MACHINE);
    let tried = dry_run(&broker, &machine, Some("dev")).await;
    let expected = json!({
        "dry_run": true,
        "agent": { "name": "dev" },
        "resource": {
            "name": MACHINE, "provider": "aws", "account": ACCOUNT, "instance_id": MACHINE,
        },
        "enrolment": "runners",
    });
    assert_eq!((tried.status, tried.json()), (200, expected));
    assert_eq!(dry_run(&broker, &machine, None).await.verdict(), "409 agent-ambiguous");

    let resources = entity::resource::Entity::find().count(&broker.sql().await).await.unwrap();
    assert_eq!(resources, 0);
    let event = broker.events().await.pop().unwrap();
    assert_eq!((&event["rule"], &event["agent_id"]), (&json!("runners"), &Value::Null));
    // What it told comes true.
    broker.token(&machine, Some("dev")).await;
}

#[actix::test]
async fn dry_runs_are_counted_apart_whatever_came_of_them() {
    let broker = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
    let machine = AwsMachine::new(MACHINE);
    assert_eq!(dry_run(&broker, &machine, Some("main")).await.status, 200);
    assert_eq!(dry_run(&broker, &machine, None).await.status, 409);
    let counted = outcomes(&broker, "dry-run-refused").await;
    let expected = ["dry-run", "dry-run-refused"].map(|name| (name.to_owned(), "1".to_owned()));
    assert_eq!(counted, BTreeMap::from(expected));
}

#[actix::test]
async fn a_refused_dry_run_is_marked_on_record() {
    let broker = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
    let machine = AwsMachine::new(MACHINE);
    dry_run(&broker, &machine, None).await;
    broker.log_in(&machine, None).await;
    let rows = entity::refused_login::Entity::find().all(&broker.sql().await).await.unwrap();
    let marks = rows.iter().map(|row| {
        let body: Value = serde_json::from_str(&row.body).unwrap();
        (row.code.clone(), body["dry_run"].clone())
    });
    let code = "agent-ambiguous".to_owned();
    assert_eq!(marks.collect::<Vec<_>>(), [(code.clone(), json!(true)), (code, Value::Null)]);
}

#[actix::test]
async fn dry_runs_use_up_the_machines_logins() {
    let limits = "limits.instance_rate = 1\nlimits.instance_burst = 2\n";
    let broker = TestBroker::start(&format!("{limits}{}", resource(MACHINE, &["main"]))).await;
    let machine = AwsMachine::new(MACHINE);
    let mut verdicts = Vec::new();
    while verdicts.len() < 1_000 && verdicts.last().is_none_or(|verdict| verdict == "200") {
        verdicts.push(dry_run(&broker, &machine, None).await.verdict());
    }
    assert_eq!(verdicts.last().unwrap(), "429 too-many-requests");
    let counted = outcomes(&broker, "dry-run-refused").await;
    assert!(!counted.contains_key("too-many-requests"), "{counted:?}");
}

#[actix::test]
async fn what_is_not_recorded_is_not_answered() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let sql = broker.sql().await;
    sql.execute_unprepared("ALTER TABLE auth_event RENAME TO auth_event_away").await.unwrap();
    let tried = dry_run(&broker, &AwsMachine::new(MACHINE), None).await;
    assert_eq!(tried.verdict(), "503 unavailable");
}

#[actix::test]
async fn every_cloud_has_dry_runs() {
    let toml = resource_on("azure", azure::VM, &["main"]) + &resource_on("google", "7", &["main"]);
    let broker = TestBroker::start(&toml).await;
    let now = broker.clock.now();
    let azure = azure::login(&azure::AZURE, &azure::machine(), now, None);
    let google = GoogleMachine::new("7").login(now, None);
    for (path, body) in [("/v1/login/azure", azure), ("/v1/login/google", google)] {
        let tried = broker.post(path, &dry(body)).await;
        assert_eq!((tried.status, &tried.json()["agent"]["name"]), (200, &json!("main")));
    }
    assert_eq!(tokens(&broker).await, 0);
}

#[actix::test]
async fn only_true_is_a_dry_run_and_what_is_no_truth_value_is_blamed() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let mut body = AwsMachine::new(MACHINE).login(broker.clock.now(), None);
    for real in [json!(false), Value::Null] {
        body["dry_run"] = real;
        assert!(broker.post(LOGIN, &body).await.json()["session_token"].is_string());
    }
    for wrong in [json!("true"), json!(1), json!([])] {
        body["dry_run"] = wrong;
        let answer = broker.post(LOGIN, &body).await;
        answer.assert_problem("400 malformed-request", &["field"]);
        assert_eq!(answer.json()["field"], "dry_run");
    }
}

/// Existing clients know no dry runs, and their routes ignore what they do not know.
#[actix::test]
async fn the_compatible_routes_know_no_dry_runs() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let (document, signature) = AwsMachine::new(MACHINE).document(broker.clock.now());
    let body = dry(json!({ "document": document, "signature": signature }));
    let answer = broker.post("/api/v2/workspaceagents/aws-instance-identity", &body).await;
    assert!(answer.json()["session_token"].is_string(), "{}", answer.text);
}
