//! What does a login get by a proof that answers a challenge, or by one that does not?

use chrono::TimeDelta;
use serde_json::json;

use super::{
    BOTH, Cloud, REQUIRED, ROUTES, Route, another_challenge, azure_proof, broker, challenge,
    google_proof, methods, of_agent, proof,
};
use crate::support::azure::AZURE;
use crate::support::broker::TestBroker;
use crate::support::machine::AUDIENCE;

#[actix::test]
async fn an_answer_is_told_in_the_token_whether_it_was_asked_for_or_not() {
    for settings in ["", REQUIRED] {
        let broker = broker(settings).await;
        for cloud in BOTH {
            for route in ROUTES {
                let given = another_challenge(&broker, cloud, Some("main")).await;
                let login = of_agent(proof(&broker, cloud, &given), "main");
                let answer = broker.post(&cloud.path(route), &login).await;
                assert_eq!(methods(&broker, &answer).await, json!([cloud.kind(), "challenge"]));
            }
        }
    }
}

/// What existing clients send: the document's own nonce, and the audience of all of them.
fn unasked(broker: &TestBroker, cloud: Cloud) -> serde_json::Value {
    match cloud {
        Cloud::Azure => of_agent(azure_proof(broker, &AZURE, None), "main"),
        Cloud::Google => of_agent(google_proof(broker, AUDIENCE), "main"),
    }
}

#[actix::test]
async fn without_an_answer_all_is_as_it_was_and_the_token_says_so() {
    let broker = broker("").await;
    for cloud in BOTH {
        for route in ROUTES {
            let login = unasked(&broker, cloud);
            for _again in 0..2 {
                let answer = broker.post(&cloud.path(route), &login).await;
                assert_eq!(methods(&broker, &answer).await, json!([cloud.kind()]));
            }
        }
    }
}

#[actix::test]
async fn where_an_answer_is_required_a_proof_without_one_is_refused() {
    let broker = broker(REQUIRED).await;
    for cloud in BOTH {
        for route in ROUTES {
            let answer = broker.post(&cloud.path(route), &unasked(&broker, cloud)).await;
            assert_eq!(answer.status, 401, "{cloud:?} {route:?}: {}", answer.text);
        }
    }
}

#[actix::test]
async fn aws_proofs_answer_none_and_are_asked_for_none() {
    use crate::support::broker::resource;
    use crate::support::machine::AwsMachine;
    let machine = resource("i-1", &["main"]);
    let broker = TestBroker::start(&format!("{REQUIRED}{machine}")).await;
    broker.token(&AwsMachine::new("i-1"), None).await;
}

#[actix::test]
async fn an_unbound_challenge_is_for_whichever_agent_answers_it() {
    let broker = broker(REQUIRED).await;
    for cloud in BOTH {
        for name in ["main", "dev"] {
            let given = another_challenge(&broker, cloud, None).await;
            let login = of_agent(proof(&broker, cloud, &given), name);
            assert_eq!(broker.post(&cloud.path(Route::Native), &login).await.verdict(), "200");
        }
    }
}

/// The names in a 409 each succeed when they are sent back, with the same proof.
#[actix::test]
async fn a_login_that_got_no_token_has_not_used_its_challenge_up() {
    let broker = broker(REQUIRED).await;
    for cloud in BOTH {
        let path = cloud.path(Route::Native);
        let given = challenge(&broker, cloud, None).await;
        let login = proof(&broker, cloud, &given);
        assert_eq!(broker.post(&path, &login).await.verdict(), "409 agent-ambiguous");
        let ghost = broker.post(&path, &of_agent(login.clone(), "ghost")).await;
        assert_eq!(ghost.verdict(), "404 agent-unknown");
        assert_eq!(broker.post(&path, &of_agent(login, "dev")).await.verdict(), "200");
    }
}

#[actix::test]
async fn a_challenge_can_be_answered_for_five_minutes() {
    let broker = broker(REQUIRED).await;
    for cloud in BOTH {
        let given = challenge(&broker, cloud, None).await;
        broker.clock.move_by(TimeDelta::seconds(300));
        let login = of_agent(proof(&broker, cloud, &given), "main");
        assert_eq!(broker.post(&cloud.path(Route::Native), &login).await.verdict(), "200");
    }
}

/// Two brokers that share a database share the sealing key, and so challenges.
#[actix::test]
async fn a_challenge_of_one_broker_is_answered_at_another_and_once_at_both() {
    let toml = super::toml(REQUIRED);
    let brokers = TestBroker::start_together([toml.as_str(); 2]).await;
    for cloud in BOTH {
        let path = cloud.path(Route::Native);
        let given = challenge(&brokers[0], cloud, None).await;
        let login = of_agent(proof(&brokers[0], cloud, &given), "main");
        assert_eq!(brokers[1].post(&path, &login).await.verdict(), "200");
        assert_eq!(brokers[0].post(&path, &login).await.verdict(), "401 identity-rejected");
    }
}

#[actix::test]
async fn a_sub_agents_token_tells_how_its_root_agent_logged_in() {
    let machine = Cloud::Azure.machine();
    let toml = format!(
        "identity.azure.trust = [{:?}]\n[[resource]]\nprovider = \"azure\"\ninstance_id = {machine:?}\n\
         name = \"vm\"\nagents = [{{ name = \"main\" }}, {{ name = \"sub\", parent = \"main\" }}]\n",
        super::azure_trust()
    );
    let broker = TestBroker::start(&toml).await;
    for (nonce, expected) in [
        (
            Some(challenge(&broker, Cloud::Azure, None).await),
            json!(["azure:attested-data", "challenge"]),
        ),
        (None, json!(["azure:attested-data"])),
    ] {
        let nonce = nonce.as_ref().and_then(|given| given["nonce"].as_str());
        let login = azure_proof(&broker, &AZURE, nonce);
        let root = broker.post(&Cloud::Azure.path(Route::Native), &login).await.json();
        let request = broker
            .request(reqwest::Method::POST, "/v1/agents/me/sub-agents/sub/token")
            .bearer_auth(root["session_token"].as_str().unwrap());
        let answer = crate::support::broker::send(request).await;
        assert_eq!(methods(&broker, &answer).await, expected);
    }
}
