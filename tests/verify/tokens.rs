//! Which tokens does a service take, and what does it learn by one?

use callsign::verify::{Invalid, TokenVerifier, VerifyError};
use chrono::TimeDelta;

use super::{AUDIENCE, ISSUER, MACHINE, broker, service, token};
use crate::support::broker::TestBroker;
use crate::support::machine::ACCOUNT;

async fn refusal(service: &TokenVerifier, token: &str) -> VerifyError {
    service.verify(token).await.unwrap_err()
}

#[actix::test]
async fn a_token_says_which_agent_comes_and_from_which_machine() {
    let broker = broker().await;
    let service = service(&broker, &broker.service.url(), AUDIENCE);
    for name in ["main", "dev"] {
        let token = token(&broker, name).await;
        let verified = service.verify(&token).await.unwrap();
        let me = broker.get_as("/v1/agents/me", &token).await.json();
        assert_eq!(verified.agent_name(), name);
        assert_eq!(me["agent"]["id"], verified.agent_id().to_string());
        assert_eq!(me["resource"]["id"], verified.resource().id.to_string());
        assert_eq!(verified.instance().instance_id, MACHINE);
        assert_eq!(verified.instance().account, ACCOUNT);
        assert_eq!(verified.claims().amr, ["aws:rsa2048"]);
    }
}

#[actix::test]
async fn a_token_for_another_service_is_not_taken() {
    let broker = TestBroker::start(
        &("token.audience = [\"builds\", \"artifacts\"]\n".to_owned()
            + &crate::support::broker::resource(MACHINE, &["main"])),
    )
    .await;
    let token = token(&broker, "main").await;
    for audience in ["builds", "artifacts"] {
        let service = service(&broker, &broker.service.url(), audience);
        assert!(service.verify(&token).await.is_ok(), "{audience}");
    }
    for audience in ["callsign", "build", "Builds", ""] {
        let service = service(&broker, &broker.service.url(), audience);
        assert_eq!(refusal(&service, &token).await, Invalid::OtherAudience.into(), "{audience}");
    }
}

#[actix::test]
async fn a_token_of_another_issuer_is_not_taken_though_the_key_is_the_same() {
    let broker = broker().await;
    let token = token(&broker, "main").await;
    for issuer in ["http://127.0.0.1:7480/", "https://127.0.0.1:7480", ""] {
        let service = service(&broker, &broker.service.url(), AUDIENCE).with_issuer(issuer);
        assert_eq!(refusal(&service, &token).await, Invalid::OtherIssuer.into(), "{issuer}");
    }
    // Without a word of it, the issuer is the broker's URL.
    let unnamed =
        TokenVerifier::new(&broker.service.url(), AUDIENCE, broker.clock.clock()).unwrap();
    assert_eq!(refusal(&unnamed, &token).await, Invalid::OtherIssuer.into());
}

#[actix::test]
async fn a_token_is_taken_to_its_last_second_and_not_in_the_next() {
    let broker = broker().await;
    let service = service(&broker, &broker.service.url(), AUDIENCE);
    let token = token(&broker, "main").await;
    broker.clock.move_by(TimeDelta::seconds(3_599));
    assert!(service.verify(&token).await.is_ok());
    broker.clock.move_by(TimeDelta::seconds(1));
    assert_eq!(refusal(&service, &token).await, Invalid::Expired.into());
}

#[actix::test]
async fn a_token_that_another_broker_made_is_not_taken() {
    let (broker, other) = (broker().await, broker().await);
    let service = service(&broker, &broker.service.url(), AUDIENCE);
    let foreign = token(&other, "main").await;
    assert_eq!(refusal(&service, &foreign).await, Invalid::UnknownKey.into());

    // Its claims under our key's name.
    let own = token(&broker, "main").await;
    let part = |token: &str, index: usize| token.split('.').nth(index).unwrap().to_owned();
    let forged = format!("{}.{}.{}", part(&own, 0), part(&foreign, 1), part(&foreign, 2));
    assert_eq!(refusal(&service, &forged).await, Invalid::BadSignature.into());
    for garbage in ["", "a.b.c", &own.replace('.', ""), &format!("{own}.{own}")] {
        assert_eq!(refusal(&service, garbage).await, Invalid::Malformed.into(), "{garbage}");
    }
}

/// What a service cannot know offline, and where it can ask.
#[actix::test]
async fn a_token_that_was_ended_is_good_offline_and_the_broker_knows() {
    let broker = broker().await;
    let service = service(&broker, &broker.service.url(), AUDIENCE);
    let token = token(&broker, "main").await;
    broker.reload("").await;
    assert!(service.verify(&token).await.is_ok());
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 401);
    assert_eq!(service.verify(&token).await.unwrap().claims().iss, ISSUER);
}
