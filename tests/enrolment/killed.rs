//! A broker that is killed at any moment leaves no half registration and no token without one.

use std::fs;

use chrono::DateTime;
use futures_util::StreamExt as _;
use rustix::process::Signal;
use serde_json::Value;

use super::{count, rule};
use crate::support::database::{is_postgres, prepare, section, texts, url};
use crate::support::http::client;
use crate::support::machine::{AWS, AwsMachine, REGION};
use crate::support::process::Served;

/// The id of the resource that a first login was answered with, if it was answered.
async fn log_in(http: &reqwest::Client, url: &str, index: usize) -> Option<String> {
    let signed_at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let machine = AwsMachine::new(&format!("i-{:017}", index / 2));
    let name = if index.is_multiple_of(2) { "main" } else { "dev" };
    let request = http.post(format!("{url}/v1/login/aws"));
    let answer = request.json(&machine.login(signed_at, Some(name))).send().await.ok()?;
    let body: Value = answer.json().await.ok()?;
    Some(body["resource"]["id"].as_str()?.to_owned())
}

#[actix::test]
async fn a_broker_killed_under_first_logins_leaves_whole_registrations_only() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path()).await;
    let toml = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[token]\nsealing_key_file = \"sealing-key\"\n\
         [log]\nfilter = \"warn,callsign::cli=info\"\n\
         [identity.aws]\ntrust = [\"aws.toml\"]\n{}{}",
        section(folder.path()),
        rule("runners", &["main", "dev"], "")
    );
    fs::write(folder.path().join("a.toml"), toml).unwrap();
    fs::write(folder.path().join("aws.toml"), AWS.trust_toml(REGION).unwrap()).unwrap();
    let http = client();

    let mut answered: Vec<String> = Vec::new();
    // Three lives of one database, each cut off in the middle of its work.
    for life in 0..3 {
        let served = Served::start(folder.path(), &["-c", "a.toml"]);
        let logins = (0..80).map(|index| log_in(&http, &served.url, life * 80 + index));
        let mut answers = futures_util::stream::iter(logins).buffer_unordered(16);
        let enough = answered.len() + 20 + 7 * life;
        while answered.len() < enough {
            answered.extend(answers.next().await.expect("fewer logins were answered than go on"));
        }
        served.signal(Signal::KILL);
        // Those that were under way may have been answered before the end, or not.
        answered.extend(answers.filter_map(|answer| async { answer }).collect::<Vec<_>>().await);
    }

    let sql = sea_orm::Database::connect(url(folder.path())).await.unwrap();
    let none = [
        "SELECT count(*) FROM resource WHERE 2 <> (SELECT count(*) FROM agent WHERE resource_id = resource.id)",
        "SELECT count(*) FROM resource WHERE NOT EXISTS (SELECT 1 FROM issued_token JOIN agent ON agent.id = agent_id WHERE resource_id = resource.id)",
        "SELECT count(*) FROM resource WHERE 1 <> (SELECT count(*) FROM auth_event WHERE kind = 'instance-enrolled' AND resource_id = resource.id)",
        "SELECT count(*) FROM issued_token WHERE NOT EXISTS (SELECT 1 FROM agent WHERE agent.id = agent_id)",
        "SELECT count(*) FROM (SELECT 1 FROM resource GROUP BY instance_id HAVING count(*) > 1) AS twice",
    ];
    for query in none {
        assert_eq!(count(&sql, query).await, 0, "{query}");
    }
    let ids = match is_postgres() {
        true => "SELECT replace(id::text, '-', '') FROM resource",
        false => "SELECT lower(hex(id)) FROM resource",
    };
    let registered = texts(&sql, ids).await;
    for id in answered {
        assert!(
            registered.contains(&id.replace('-', "")),
            "{id} was answered and is not registered"
        );
    }
}
