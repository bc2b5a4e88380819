//! Does a service fetch the broker's keys as seldom as it should, and keep them when it cannot?

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callsign::verify::{Invalid, TokenVerifier, VerifyError};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{AUDIENCE, broker, keys_of, service, token};
use crate::support::broker::TestBroker;
use crate::support::key_server::KeyServer;

fn after(broker: &TestBroker, seconds: i64) {
    broker.clock.move_by(TimeDelta::seconds(seconds));
}

/// The same token under a key that nobody published.
fn of_unknown_key(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"at+jwt","kid":"unknown"}"#);
    let (_, rest) = token.split_once('.').unwrap();
    format!("{header}.{rest}")
}

/// Checks this token so much later, and sees to it that a fetch which that has begun is over.
async fn check_after(broker: &TestBroker, seconds: i64, service: &TokenVerifier, token: &str) {
    after(broker, seconds);
    service.verify(token).await.unwrap();
    // Who asks for an unknown key waits for those who fetch.
    let refused = service.verify(&of_unknown_key(token)).await.unwrap_err();
    assert_eq!(refused, Invalid::UnknownKey.into());
}

#[actix::test]
async fn however_many_tokens_come_the_keys_are_fetched_once() {
    let broker = broker().await;
    let server = keys_of(&broker).await;
    let service = service(&broker, server.origin(), AUDIENCE);
    assert_eq!(server.asked(), 0);
    let token = token(&broker, "main").await;
    let checks = (0..50).map(|_| service.verify(&token));
    assert!(join_all(checks).await.iter().all(Result::is_ok));
    assert!(service.clone().verify(&token).await.is_ok());
    assert_eq!(server.asked(), 1);
}

#[actix::test]
async fn they_are_fetched_anew_when_their_time_is_over() {
    let broker = broker().await;
    let server = keys_of(&broker).await;
    let service = service(&broker, server.origin(), AUDIENCE);
    let token = token(&broker, "main").await;
    service.verify(&token).await.unwrap();
    after(&broker, 269);
    service.verify(&token).await.unwrap();
    assert_eq!(server.asked(), 1);
    check_after(&broker, 31, &service, &token).await;
    assert_eq!(server.asked(), 2);
}

#[actix::test]
async fn a_new_key_is_found_by_its_first_token() {
    let (broker, newer) = (broker().await, broker().await);
    let server = keys_of(&broker).await;
    let service = service(&broker, server.origin(), AUDIENCE);
    service.verify(&token(&broker, "main").await).await.unwrap();
    let published = newer.get("/.well-known/jwks.json").await.text;
    server.say(200, &published, "max-age=300");
    after(&broker, 61);
    service.verify(&token(&newer, "main").await).await.unwrap();
    assert_eq!(server.asked(), 2);
}

#[actix::test]
async fn strangers_tokens_send_a_service_to_the_broker_once_a_minute_at_most() {
    let (broker, stranger) = (broker().await, broker().await);
    let server = keys_of(&broker).await;
    let service = service(&broker, server.origin(), AUDIENCE);
    let foreign = token(&stranger, "main").await;
    for (seconds, asked) in [(0, 1), (59, 1), (1, 2), (59, 2), (1, 3)] {
        after(&broker, seconds);
        for _ in 0..20 {
            let refused = service.verify(&foreign).await.unwrap_err();
            assert_eq!(refused, Invalid::UnknownKey.into());
        }
        assert_eq!(server.asked(), asked, "after {seconds} s more");
    }
}

#[actix::test]
async fn the_last_good_keys_are_kept_whatever_the_broker_says_since() {
    let broker = broker().await;
    let server = keys_of(&broker).await;
    let service = service(&broker, server.origin(), AUDIENCE);
    let token = token(&broker, "main").await;
    service.verify(&token).await.unwrap();
    for (status, text) in [(500, "no"), (302, ""), (200, "{}"), (200, r#"{"keys": []}"#)] {
        server.say(status, text, "max-age=300");
        let asked = server.asked();
        check_after(&broker, 300, &service, &token).await;
        assert_eq!(server.asked(), asked + 1, "{status}");
    }
    server.stop().await;
    check_after(&broker, 300, &service, &token).await;
}

#[actix::test]
async fn without_keys_no_token_is_called_bad_and_they_are_found_within_a_minute() {
    let broker = broker().await;
    let server = keys_of(&broker).await;
    let published = broker.get("/.well-known/jwks.json").await.text;
    server.say(503, "", "no-store");
    let service = service(&broker, server.origin(), AUDIENCE);
    let token = token(&broker, "main").await;
    for _ in 0..5 {
        let refused = service.verify(&token).await.unwrap_err();
        let VerifyError::NoKeys(reason) = &refused else { panic!("{refused}") };
        assert!(reason.contains("503"), "{reason}");
    }
    assert_eq!(server.asked(), 1);
    server.say(200, &published, "max-age=300");
    after(&broker, 60);
    service.verify(&token).await.unwrap();
}

#[actix::test]
async fn a_key_set_without_end_is_not_read_to_it() {
    let broker = broker().await;
    let server = KeyServer::start(&" ".repeat(1 << 20), "max-age=300");
    let service = service(&broker, server.origin(), AUDIENCE);
    let refused = service.verify(&token(&broker, "main").await).await.unwrap_err();
    assert!(matches!(&refused, VerifyError::NoKeys(why) if why.contains("65536")), "{refused}");
}
