//! Does the actor answer as the function does? By messages alone.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor as _;
use callsign::clock::Clock;
use callsign::identity::{IdentityProof, Verifier, VerifyIdentity};
use callsign::mailbox::{Gate, Lifeline, Mailbox, Ping};
use tokio::sync::mpsc;

use super::fixture::{INSTANCE, SIGNER, STRANGER, TRUST, detached, document, now, pkcs7, policy};

fn start() -> actix::Addr<Verifier> {
    let (trust, policy) = (Arc::new(TRUST.clone()), Arc::new(policy()));
    let (deaths, _) = mpsc::unbounded_channel();
    let lifeline = Lifeline::watch(&deaths, "verifier");
    Verifier::new(trust, policy, Clock::from_fn(now), lifeline).start()
}

fn gate() -> Gate {
    Gate::new("verifier", 4, Duration::from_secs(60))
}

async fn ask(proof: IdentityProof) -> &'static str {
    let mailbox = Mailbox::new(&start(), &gate());
    let answer = mailbox.ask(VerifyIdentity { proof }).await.unwrap();
    if let Ok(instance) = &answer {
        assert_eq!(instance.instance_id().as_str(), INSTANCE);
    }
    super::fixture::word(answer)
}

#[actix::test]
async fn a_genuine_proof_is_verified() {
    assert_eq!(ask(pkcs7(&SIGNER, &document())).await, "verified");
    assert_eq!(ask(detached(&SIGNER, &document())).await, "verified");
}

#[actix::test]
async fn a_forged_proof_is_refused() {
    let verdict = ask(pkcs7(&STRANGER, &document())).await;
    assert_eq!(verdict, "signature-invalid");
}

#[actix::test]
async fn the_actor_is_there() {
    let mailbox = Mailbox::<Ping>::new(&start(), &gate());
    assert_eq!(mailbox.ask(Ping).await, Ok(()));
}
