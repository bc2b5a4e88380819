//! The minter by messages alone.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor as _;
use callsign::database::Database;
use callsign::directory::FindAgent;
use callsign::identity::{IdentityProof, VerifyIdentity};
use callsign::mailbox::{Gate, Lifeline, Mailbox, Ping};
use callsign::token::actor::Minter;
use callsign::token::{
    CheckSigning, CheckToken, MintToken, MintedToken, SealingKey, TokenError, TokenRefused,
    TokenSettings, open_key_ring,
};
use callsign::verify::Invalid;
use chrono::TimeDelta;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::support::broker::{TestBroker, resource};
use crate::support::database::Opened;
use crate::support::machine::AwsMachine;

const MACHINE: &str = "i-0123456789abcdef0";

struct Mailboxes {
    mint: Mailbox<MintToken>,
    check: Mailbox<CheckToken>,
    signing: Mailbox<CheckSigning>,
    ping: Mailbox<Ping>,
}

/// A minter with keys of its own over this database.
async fn minter(keys: &Database, database: Database, broker: &TestBroker) -> Mailboxes {
    let seal = SealingKey::new(Zeroizing::new([1; 32]));
    let keys = open_key_ring(keys, &seal, broker.clock.now()).await.unwrap();
    let settings = TokenSettings {
        issuer: "https://issuer.example".to_owned(),
        audience: vec!["callsign".to_owned()],
        lifetime: TimeDelta::hours(1),
    };
    let (notices, _) = mpsc::unbounded_channel();
    let lifeline = Lifeline::watch(&notices, "minter");
    let clock = broker.clock.clock();
    let minter = Minter::new(database, Arc::new(keys), settings, clock, lifeline).start();
    let gate = Gate::new("minter", 4, Duration::from_secs(60));
    Mailboxes {
        mint: Mailbox::new(&minter, &gate),
        check: Mailbox::new(&minter, &gate),
        signing: Mailbox::new(&minter, &gate),
        ping: Mailbox::new(&minter, &gate),
    }
}

/// The agent that a machine of this broker speaks for.
async fn question(broker: &TestBroker) -> MintToken {
    let proof = AwsMachine::new(MACHINE).pkcs7(broker.clock.now());
    let proof = IdentityProof::aws_pkcs7(&proof).unwrap();
    let rooms = broker.service.broker();
    let instance = rooms.verify.ask(VerifyIdentity { proof }).await.unwrap().unwrap();
    let found = rooms.find.ask(FindAgent { instance, name: None }).await;
    MintToken { agent: found.unwrap().unwrap().unwrap() }
}

fn check(token: &MintedToken) -> CheckToken {
    CheckToken { token: Zeroizing::new(token.jwt().to_owned()) }
}

#[actix::test]
async fn a_minted_token_that_is_not_on_record_does_not_stand() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let opened = Opened::new().await;
    let minter = minter(&opened.database, opened.database.clone(), &broker).await;
    let token = minter.mint.ask(question(&broker).await).await.unwrap().unwrap();
    assert_eq!(token.agent().name(), "main");
    let answer = minter.check.ask(check(&token)).await.unwrap();
    assert_eq!(answer, Ok(Err(TokenRefused::Ended)));
}

#[actix::test]
async fn two_tokens_of_one_moment_are_two() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let opened = Opened::new().await;
    let minter = minter(&opened.database, opened.database.clone(), &broker).await;
    let question = question(&broker).await;
    let first = minter.mint.ask(question.clone()).await.unwrap().unwrap();
    let second = minter.mint.ask(question).await.unwrap().unwrap();
    assert_ne!(first.record().token_id, second.record().token_id);
    assert_ne!(first.jwt(), second.jwt());
}

#[actix::test]
async fn a_database_that_is_away_is_no_verdict_on_a_good_token_and_signing_goes_on() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let opened = Opened::new().await;
    let away = opened.again().await;
    away.clone().close().await.unwrap();
    let minter = minter(&opened.database, away, &broker).await;
    let token = minter.mint.ask(question(&broker).await).await.unwrap().unwrap();
    let answer = minter.check.ask(check(&token)).await.unwrap();
    assert!(matches!(answer, Err(TokenError::Database(_))), "{answer:?}");
    assert_eq!(minter.signing.ask(CheckSigning).await, Ok(true));
    assert_eq!(minter.ping.ask(Ping).await, Ok(()));
    // What is refused by its text alone needs no database.
    let garbage = CheckToken { token: Zeroizing::new("a.b.c".to_owned()) };
    let answer = minter.check.ask(garbage).await.unwrap();
    assert_eq!(answer, Ok(Err(TokenRefused::Invalid(Invalid::Malformed))));
}
