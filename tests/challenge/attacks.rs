//! What is tried with challenges that are not the login's own, by either route.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    BOTH, Cloud, REQUIRED, ROUTES, Route, another_challenge, azure_proof, broker, challenge,
    google_proof, methods, of_agent, proof,
};
use crate::support::azure::{AZURE, STRANGER};
use crate::support::broker::{Answer, TestBroker};

/// Refused in the one text that every refused proof gets.
#[track_caller]
fn assert_refused(answer: &Answer, route: Route) {
    match route {
        Route::Native => answer.assert_problem("401 identity-rejected", &[]),
        Route::Compatible => {
            assert_eq!(answer.status, 401, "{}", answer.text);
            let message = answer.json()["message"].as_str().unwrap().to_owned();
            assert!(["Invalid Azure identity.", "Invalid GCP identity."].contains(&&*message));
        }
    }
}

/// Logs in as `main` on every route; where an answer is required, and where it is not.
async fn refused_everywhere(attack: impl AsyncFn(&TestBroker, Cloud) -> Value) {
    for (settings, routes) in [(REQUIRED, &ROUTES[..]), ("", &[Route::Native])] {
        let broker = broker(settings).await;
        for cloud in BOTH {
            for route in routes {
                let login = of_agent(attack(&broker, cloud).await, "main");
                assert_refused(&broker.post(&cloud.path(*route), &login).await, *route);
            }
        }
    }
}

#[actix::test]
async fn a_replayed_challenge_is_refused() {
    for settings in ["", REQUIRED] {
        let broker = broker(settings).await;
        for cloud in BOTH {
            for [first, second] in [ROUTES, [Route::Compatible, Route::Native]] {
                let given = another_challenge(&broker, cloud, None).await;
                let login = of_agent(proof(&broker, cloud, &given), "main");
                assert_eq!(broker.post(&cloud.path(first), &login).await.status, 200);
                assert_refused(&broker.post(&cloud.path(second), &login).await, second);
                // Nor is it good for the neighbour, nor in a document made anew.
                let neighbour = of_agent(login, "dev");
                assert_refused(&broker.post(&cloud.path(second), &neighbour).await, second);
                broker.clock.move_by(TimeDelta::seconds(1));
                let anew = of_agent(proof(&broker, cloud, &given), "main");
                assert_refused(&broker.post(&cloud.path(second), &anew).await, second);
            }
        }
    }
}

#[actix::test]
async fn of_two_replays_at_once_exactly_one_wins() {
    for cloud in BOTH {
        for route in ROUTES {
            let broker = broker("").await;
            let path = cloud.path(route);
            let given = challenge(&broker, cloud, None).await;
            let login = of_agent(proof(&broker, cloud, &given), "main");
            let answers = join_all((0..16).map(|_| broker.post(&path, &login))).await;
            let (won, lost): (Vec<_>, Vec<_>) =
                answers.iter().partition(|answer| answer.status == 200);
            assert_eq!(won.len(), 1, "{cloud:?} {route:?}");
            lost.iter().for_each(|answer| assert_refused(answer, route));
        }
    }
}

#[actix::test]
async fn of_replays_at_several_brokers_at_once_exactly_one_wins() {
    let toml = super::toml(REQUIRED);
    let brokers = TestBroker::start_together([toml.as_str(); 3]).await;
    for cloud in BOTH {
        let path = cloud.path(Route::Native);
        for _round in 0..4 {
            let given = another_challenge(&brokers[0], cloud, None).await;
            let login = of_agent(proof(&brokers[0], cloud, &given), "main");
            let posts = brokers.iter().flat_map(|broker| [broker; 4]);
            let answers = join_all(posts.map(|broker| broker.post(&path, &login))).await;
            let won = answers.iter().filter(|answer| answer.status == 200).count();
            let refused = answers.iter().filter(|answer| answer.status == 401).count();
            let verdicts: Vec<String> = answers.iter().map(Answer::verdict).collect();
            assert_eq!((won, refused), (1, answers.len() - 1), "{cloud:?} {verdicts:?}");
        }
    }
}

#[actix::test]
async fn a_stale_challenge_is_refused_although_its_document_is_good() {
    refused_everywhere(async |broker, cloud| {
        let given = challenge(broker, cloud, None).await;
        let login = proof(broker, cloud, &given);
        broker.clock.move_by(TimeDelta::minutes(6));
        login
    })
    .await;
}

/// What leaks from an agent that answers challenges is of no use by the route that asks for none.
#[actix::test]
async fn a_stale_challenge_is_known_again_on_the_compatible_route_too() {
    let broker = broker("").await;
    for cloud in BOTH {
        for bound in [None, Some("main")] {
            let given = challenge(&broker, cloud, bound).await;
            broker.clock.move_by(TimeDelta::minutes(2));
            let login = of_agent(proof(&broker, cloud, &given), "main");
            broker.clock.move_by(TimeDelta::minutes(50));
            let answer = broker.post(&cloud.path(Route::Compatible), &login).await;
            assert_refused(&answer, Route::Compatible);
        }
    }
}

#[actix::test]
async fn a_document_made_with_a_stale_challenge_is_refused() {
    refused_everywhere(async |broker, cloud| {
        let given = challenge(broker, cloud, None).await;
        broker.clock.move_by(TimeDelta::minutes(6));
        proof(broker, cloud, &given)
    })
    .await;
}

#[actix::test]
async fn a_challenge_from_the_future_is_refused() {
    refused_everywhere(async |broker, cloud| {
        broker.clock.move_by(TimeDelta::minutes(2));
        let given = challenge(broker, cloud, None).await;
        broker.clock.move_by(TimeDelta::minutes(-2));
        proof(broker, cloud, &given)
    })
    .await;
}

#[actix::test]
async fn another_clouds_challenge_is_refused() {
    refused_everywhere(async |broker, cloud| {
        let other = if cloud == Cloud::Azure { Cloud::Google } else { Cloud::Azure };
        proof(broker, cloud, &challenge(broker, other, None).await)
    })
    .await;
}

#[actix::test]
async fn a_challenge_bound_to_another_agent_is_refused() {
    refused_everywhere(async |broker, cloud| {
        proof(broker, cloud, &challenge(broker, cloud, Some("dev")).await)
    })
    .await;
}

#[actix::test]
async fn a_bound_challenge_is_no_unnamed_logins() {
    let broker = broker(REQUIRED).await;
    for cloud in BOTH {
        let given = challenge(&broker, cloud, Some("main")).await;
        let answer = broker.post(&cloud.path(Route::Native), &proof(&broker, cloud, &given)).await;
        assert_refused(&answer, Route::Native);
    }
}

/// Names are told apart by case, as agents are.
#[actix::test]
async fn a_challenge_bound_in_another_case_is_refused() {
    refused_everywhere(async |broker, cloud| {
        proof(broker, cloud, &challenge(broker, cloud, Some("MAIN")).await)
    })
    .await;
}

#[actix::test]
async fn a_wrong_code_is_refused() {
    refused_everywhere(async |broker, cloud| {
        let mut given = challenge(broker, cloud, None).await;
        for member in ["nonce", "audience"] {
            let mut text = given[member].as_str().unwrap().to_owned();
            let last = text.pop().unwrap();
            // Both stay digits, or base64url without bits to spare.
            text.push(if last == '0' || last == 'A' {
                if member == "nonce" { '1' } else { 'Q' }
            } else if member == "nonce" {
                '0'
            } else {
                'A'
            });
            given[member] = json!(text);
        }
        proof(broker, cloud, &given)
    })
    .await;
}

#[actix::test]
async fn a_challenge_of_a_broker_with_another_key_is_refused() {
    let other = broker("").await;
    refused_everywhere(async |broker, cloud| {
        proof(broker, cloud, &challenge(&other, cloud, None).await)
    })
    .await;
}

#[actix::test]
async fn an_audience_that_is_not_written_as_ours_is_refused() {
    let broker = broker("").await;
    let given = challenge(&broker, Cloud::Google, None).await;
    let audience = given["audience"].as_str().unwrap();
    let (begin, code) = audience.rsplit_once('.').unwrap();
    for wrong in [
        format!("{audience}="),
        format!("{audience}/"),
        format!("{audience}?x"),
        format!("{begin}.."),
        format!("{begin}."),
        format!("{begin}.{}", &code[..20]),
        format!("{begin}0.{code}"),
        begin.to_owned(),
        "http://127.0.0.1:7480/v1/challenge/".to_owned(),
        audience.replace("/challenge/", "/challenge//"),
        audience.to_ascii_uppercase(),
        audience.replace("http:", "https:"),
    ] {
        for route in ROUTES {
            let login = of_agent(google_proof(&broker, &wrong), "main");
            assert_refused(&broker.post(&Cloud::Google.path(route), &login).await, route);
        }
    }
    let login = of_agent(google_proof(&broker, audience), "main");
    assert_eq!(broker.post(&Cloud::Google.path(Route::Native), &login).await.verdict(), "200");
}

#[actix::test]
async fn an_answer_does_not_make_a_strangers_document_good() {
    let broker = broker("").await;
    let given = challenge(&broker, Cloud::Azure, None).await;
    let forged = of_agent(azure_proof(&broker, &STRANGER, given["nonce"].as_str()), "main");
    assert_refused(&broker.post(&Cloud::Azure.path(Route::Native), &forged).await, Route::Native);
    // Nor did it use the challenge up.
    let login = of_agent(proof(&broker, Cloud::Azure, &given), "main");
    assert_eq!(broker.post(&Cloud::Azure.path(Route::Native), &login).await.verdict(), "200");
}

/// Clients of old may send ten digits of their own, and mean nothing to us by them.
#[actix::test]
async fn digits_of_its_own_are_no_answer_of_an_existing_client_unless_one_is_required() {
    let own = [Some("1234567890"), Some("0000000000"), Some("42"), None];
    for (settings, native, compatible) in
        [("", [401, 401, 200, 200], [200; 4]), (REQUIRED, [401; 4], [401; 4])]
    {
        let broker = broker(settings).await;
        for (nonce, expected) in own.iter().zip(native.iter().zip(compatible)) {
            let login = of_agent(azure_proof(&broker, &AZURE, *nonce), "main");
            let native = broker.post(&Cloud::Azure.path(Route::Native), &login).await;
            let compatible = broker.post(&Cloud::Azure.path(Route::Compatible), &login).await;
            assert_eq!((&native.status, compatible.status), expected, "{settings} {nonce:?}");
            if compatible.status == 200 {
                let kind = json!([Cloud::Azure.kind()]);
                assert_eq!(methods(&broker, &compatible).await, kind);
            }
        }
    }
}
