//! A login during which somebody does something else, after the look and before the record.

use std::cell::Cell;
use std::rc::Rc;

use callsign::broker::authenticate::{GrantedLogin, LoginRequest, authenticate};
use callsign::broker::error::LoginError;
use callsign::identity::IdentityProof;

use super::broker::TestBroker;
use super::machine::AwsMachine;
use super::probe;

/// What the agent `name` of this machine asks.
pub fn login(test: &TestBroker, machine: &str, name: &str) -> LoginRequest {
    LoginRequest {
        request_id: "test".to_owned(),
        proof: IdentityProof::aws_pkcs7(&AwsMachine::new(machine).pkcs7(test.clock.now())).unwrap(),
        agent_name: Some(name.to_owned()),
    }
}

/// Logs `main` in while this is done, before its first token is minted; tells how often one was.
pub async fn log_in_while(
    test: &TestBroker,
    machine: &str,
    meanwhile: impl Future<Output = ()> + 'static,
) -> (Result<GrantedLogin, LoginError>, usize) {
    let mut broker = test.service.broker().clone();
    let (minter, mut meanwhile) = (broker.mint.clone(), Some(meanwhile));
    let minted = Rc::new(Cell::new(0));
    let counted = Rc::clone(&minted);
    broker.mint = probe::answering_later(move |request| {
        counted.set(counted.get() + 1);
        let (minter, meanwhile) = (minter.clone(), meanwhile.take());
        async move {
            if let Some(meanwhile) = meanwhile {
                meanwhile.await;
            }
            minter.ask(request).await.unwrap()
        }
    });
    let outcome = authenticate(&broker, login(test, machine, "main")).await;
    (outcome, minted.get())
}
