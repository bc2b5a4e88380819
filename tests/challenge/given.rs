//! Who gets a challenge, and what is it?

use serde_json::json;

use super::{BOTH, broker, challenge};
use crate::support::broker::{TestBroker, send};
use crate::support::door::Door;
use crate::support::probe::{Trouble, in_trouble};

#[actix::test]
async fn a_challenge_has_ten_digits_an_audience_and_five_minutes() {
    let broker = broker("").await;
    for cloud in BOTH {
        for agent_name in [None, Some("main"), Some(" main "), Some("  ")] {
            let given = challenge(&broker, cloud, agent_name).await;
            let nonce = given["nonce"].as_str().unwrap();
            assert!(
                nonce.len() == 10 && nonce.bytes().all(|byte| byte.is_ascii_digit()),
                "{given}"
            );
            let audience = given["audience"].as_str().unwrap();
            assert!(audience.starts_with("http://127.0.0.1:7480/v1/challenge/"), "{given}");
            assert_eq!(given["expires_in"], 300);
            assert_eq!(given.as_object().unwrap().len(), 3);
        }
    }
}

#[actix::test]
async fn no_cache_keeps_a_challenge() {
    let answer = broker("").await.post("/v1/challenge", &json!({ "provider": "azure" })).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[actix::test]
async fn the_member_to_blame_is_named() {
    let broker = broker("").await;
    for (field, body) in [
        ("provider", json!({})),
        ("provider", json!({ "provider": "aws" })),
        ("provider", json!({ "provider": "oracle" })),
        ("provider", json!({ "provider": 7 })),
        ("agent_name", json!({ "provider": "azure", "agent_name": "no such name" })),
        ("agent_name", json!({ "provider": "azure", "agent_name": "a".repeat(65) })),
        ("nonce", json!({ "provider": "azure", "nonce": "1234567890" })),
    ] {
        let answer = broker.post("/v1/challenge", &body).await;
        answer.assert_problem("400 malformed-request", &["field"]);
        assert_eq!(answer.json()["field"], field, "{body}");
    }
}

#[actix::test]
async fn a_cloud_that_is_switched_off_gets_none() {
    let broker = TestBroker::start("identity.azure.enabled = false\n").await;
    let ask = async |cloud: &str| {
        broker.post("/v1/challenge", &json!({ "provider": cloud })).await.verdict()
    };
    assert_eq!(ask("azure").await, "404 not-enabled");
    assert_eq!(ask("google").await, "200");
}

#[actix::test]
async fn a_broker_that_can_give_none_says_when_to_come_back() {
    let broker = broker("").await;
    for trouble in Trouble::ALL {
        let door = Door::open(&broker, |front| front.broker.challenge = in_trouble(trouble));
        let request = door.request(reqwest::Method::POST, "/v1/challenge");
        let answer = send(request.json(&json!({ "provider": "azure" }))).await;
        answer.assert_problem("503 unavailable", &[]);
        assert!(answer.header("retry-after").is_some());
    }
}

/// Whoever asks for challenges without end makes no work for the database.
#[actix::test]
async fn a_challenge_is_given_without_the_database() {
    let broker = broker("").await;
    let (database, broker_alone) = (broker.service.front().database.clone(), &broker);
    database.close().await.unwrap();
    for cloud in BOTH {
        challenge(broker_alone, cloud, Some("main")).await;
    }
    let ready = broker.get("/readyz").await;
    assert_eq!(ready.status, 503, "the database is away: {}", ready.text);
}
