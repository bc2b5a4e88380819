//! Can it be watched and run? Health, readiness, metrics, and the description of the API.

use std::collections::BTreeSet;

use callsign::database::Database;
use callsign::identity::AzureTrust;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::broker::{TestBroker, resource, send};
use crate::support::door::Door;
use crate::support::machine::AwsMachine;
use crate::support::patience::metrics_with;
use crate::support::probe::{Trouble, answering, in_trouble};
use crate::support::raw;

const MACHINE: &str = "i-0123456789abcdef0";

/// The actors, by the names under which operators see them.
const ACTORS: [&str; 4] = ["verifier", "directory", "minter", "recorder"];

#[actix::test]
async fn the_process_is_healthy_whatever_its_parts_are() {
    let broker = TestBroker::start("").await;
    let door = Door::open(&broker, |front| {
        front.broker.pings = vec![in_trouble(Trouble::Closed)];
        front.broker.check_signing = in_trouble(Trouble::Late);
    });
    let answer = send(door.request(Method::GET, "/healthz")).await;
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ok")));
}

#[actix::test]
async fn a_ready_broker_names_its_parts() {
    let broker = TestBroker::start("").await;
    let answer = broker.get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["ready"]), (200, &json!(true)), "{}", answer.text);
    for part in ACTORS.into_iter().chain(["database", "signing_keys"]) {
        assert_eq!(answer.json()["parts"][part]["status"], "ok", "{part}: {}", answer.text);
    }
}

#[actix::test]
async fn each_part_that_fails_makes_the_broker_unready_and_is_named() {
    let broker = TestBroker::start("").await;
    for trouble in Trouble::ALL {
        let door = Door::open(&broker, |front| front.broker.pings[0] = in_trouble(trouble));
        let answer = send(door.request(Method::GET, "/readyz")).await;
        assert_eq!((answer.status, &answer.json()["ready"]), (503, &json!(false)));
        assert_eq!(answer.json()["parts"]["probe"]["status"], "failed", "{}", answer.text);
        assert_eq!(answer.json()["parts"]["directory"]["status"], "ok");
    }
    let door = Door::open(&broker, |front| front.broker.check_signing = answering(|_| false));
    let answer = send(door.request(Method::GET, "/readyz")).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["parts"]["signing_keys"]["status"], "failed");
}

#[actix::test]
async fn a_broker_whose_database_is_gone_is_not_ready_and_tells_nothing_of_it() {
    let broker = TestBroker::start("").await;
    let gone: Database = broker.service.front().database.clone();
    gone.close().await.unwrap();
    let answer = broker.get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["ready"]), (503, &json!(false)));
    let database = json!({"status": "failed", "reason": "the database does not answer"});
    assert_eq!(answer.json()["parts"]["database"], database);
    assert_eq!(broker.get("/healthz").await.status, 200);
    let login = broker.log_in(&AwsMachine::new(MACHINE), None).await;
    login.assert_problem("503 unavailable", &[]);
}

/// The samples of a page: their lines, which must be of the form `name{labels} value`.
fn samples(page: &str) -> Vec<&str> {
    let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
    for line in &lines {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let name = series.split('{').next().unwrap();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(name.starts_with("callsign_") && name.chars().all(is_name), "{line}");
        assert!(series.contains('{') == series.ends_with('}'), "{line}");
    }
    lines
}

#[actix::test]
async fn metrics_are_valid_and_hold_what_operators_watch() {
    let broker = TestBroker::start(&resource(MACHINE, &["main", "dev"])).await;
    let machine = AwsMachine::new(MACHINE);
    broker.token(&machine, Some("main")).await;
    broker.log_in(&machine, None).await;
    let mut expected = vec![
        r#"callsign_logins_total{provider="aws",kind="aws:rsa2048",outcome="granted"} 1"#
            .to_owned(),
        r#"callsign_logins_total{provider="aws",kind="aws:rsa2048",outcome="agent-ambiguous"} 1"#
            .to_owned(),
        r#"callsign_http_requests_total{route="/v1/login/aws",status="200"} 1"#.to_owned(),
        r#"callsign_http_requests_total{route="/v1/login/aws",status="409"} 1"#.to_owned(),
        "callsign_refusals_not_recorded_total 0".to_owned(),
        "callsign_events_missed_total 0".to_owned(),
    ];
    for (stage, times) in [("verify", 2), ("find", 2), ("mint", 1), ("record", 2)] {
        expected.push(format!("callsign_login_stage_seconds_count{{stage=\"{stage}\"}} {times}"));
    }
    for actor in ACTORS {
        expected.push(format!("callsign_mailbox_depth{{mailbox=\"{actor}\"}} 0"));
    }
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    metrics_with(&broker, &expected).await;
    let answer = broker.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let content_type = answer.header("content-type").unwrap();
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(answer.text.ends_with("# EOF\n"));
    samples(&answer.text);
    assert!(answer.text.contains("callsign_commit_size_bucket"), "{}", answer.text);
}

#[actix::test]
async fn metrics_tell_which_anchors_end_soon_and_which_have_ended() {
    let broker = TestBroker::start("[identity.azure]\ntrust = [\"builtin\"]\n").await;
    let builtin = AzureTrust::builtin().unwrap();
    let ends = || builtin.anchors().map(|anchor| anchor.not_after());
    let end = ends().filter(|end| *end > broker.clock.now()).min().unwrap();
    let notice = TimeDelta::days(90);
    for at in [end - notice - TimeDelta::seconds(1), end - notice, end, end + notice] {
        broker.clock.move_by(at - broker.clock.now());
        let page = broker.get("/metrics").await.text;
        let ended = ends().filter(|end| *end < at).count();
        let good = ends().filter(|end| *end > at + notice).count();
        let ending = ends().count() - ended - good;
        for (standing, count) in [("good", good), ("ending", ending), ("ended", ended)] {
            let labels = format!("{{provider=\"azure\",standing=\"{standing}\"}}");
            let line = format!("callsign_trust_anchors{labels} {count}");
            assert!(samples(&page).contains(&line.as_str()), "{at}: {line}\nis not in\n{page}");
        }
    }
}

#[actix::test]
async fn no_caller_can_add_a_label_to_the_metrics() {
    let broker = TestBroker::start("").await;
    let before = samples(&broker.get("/metrics").await.text).len();
    for number in 0..20 {
        broker.get(&format!("/nowhere/{number}")).await;
        broker.get(&format!("/v1/login/{number}%22%7d%0a")).await;
        broker.get(&format!("/healthz/../{number}")).await;
        let method = Method::from_bytes(format!("METHOD{number}").as_bytes()).unwrap();
        send(broker.request(method, "/healthz")).await;
    }
    let page = broker.get("/metrics").await.text;
    let after = samples(&page).len();
    assert!(after <= before + 4, "{before} samples became {after}:\n{page}");
}

/// Every path that the front door's source names.
fn routes() -> BTreeSet<String> {
    let sources =
        [include_str!("../../src/http/server.rs"), include_str!("../../src/http/compat/routes.rs")];
    let quoted = sources.iter().flat_map(|source| source.split('"').skip(1).step_by(2));
    let mut paths: BTreeSet<String> =
        quoted.filter(|text| text.starts_with('/')).map(str::to_owned).collect();
    let compatible = "/api/v2/workspaceagents/{provider}-instance-identity";
    assert!(paths.remove(compatible), "{paths:?}");
    for provider in ["aws", "azure", "google"] {
        paths.insert(compatible.replace("{provider}", provider));
    }
    paths.remove("/openapi.json");
    // Whatever a parameter matches, it is described by its name.
    paths.into_iter().map(|path| path.replace(":.*}", "}")).collect()
}

#[actix::test]
async fn every_route_is_described_and_every_description_is_of_a_route() {
    let broker = TestBroker::start("").await;
    let api = broker.get("/openapi.json").await.json();
    let described: BTreeSet<String> = api["paths"].as_object().unwrap().keys().cloned().collect();
    let mut missing = Vec::new();
    for route in routes().difference(&described) {
        // A provider that this broker does not speak is not a route yet.
        let answer = broker.post(route, &json!({})).await;
        if !answer.text.contains("not enabled") {
            missing.push(route.clone());
        }
    }
    assert!(missing.is_empty(), "not described: {missing:?}");
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::PATCH] {
            let described = methods.get(method.as_str().to_lowercase()).is_some();
            let path = path.replace(['{', '}'], "");
            let answer = send(broker.request(method.clone(), &path)).await;
            let verdict = answer.verdict();
            assert!(!verdict.contains("not-found"), "{method} {path}: {verdict}");
            assert_eq!(answer.status != 405, described, "{method} {path}: {verdict}");
        }
    }
}

/// Every `$ref` of a document.
fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value.as_str()) {
                    ("$ref", Some(reference)) => drop(into.insert(reference.to_owned())),
                    _ => references(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        _ => {}
    }
}

#[actix::test]
async fn the_description_is_whole_and_each_operation_tells_its_answers() {
    let broker = TestBroker::start("").await;
    let answer = broker.get("/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let api = answer.json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut named = BTreeSet::new();
    references(&api, &mut named);
    assert!(!named.is_empty());
    for reference in named {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(api.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut operations = BTreeSet::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let about = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{about}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{about}");
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(operations.insert(id.clone()), "{about}: a second {id}");
            for security in operation["security"].as_array().into_iter().flatten() {
                for scheme in security.as_object().unwrap().keys() {
                    let known = &api["components"]["securitySchemes"][scheme];
                    assert!(known.is_object(), "{about}: {scheme}");
                }
            }
        }
    }
    let login = &api["paths"]["/v1/login/aws"]["post"]["responses"];
    for status in [200, 400, 401, 403, 404, 409, 410, 413, 415, 429, 503] {
        assert!(login[status.to_string()].is_object(), "{status}");
    }
}

#[actix::test]
async fn a_head_is_answered_as_a_get_without_its_body() {
    let broker = TestBroker::start("").await;
    let request = b"HEAD /healthz HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n\r\n";
    let answer = raw::exchange(broker.service.address(), request).await;
    assert_eq!(raw::status(&answer), "200", "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}
