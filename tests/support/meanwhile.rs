//! A login during which somebody does something else, after the look and before the record.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::{Actor, Context, Handler, ResponseFuture};
use callsign::broker::Broker;
use callsign::broker::authenticate::{GrantedLogin, LoginRequest, authenticate};
use callsign::broker::error::LoginError;
use callsign::identity::IdentityProof;
use callsign::mailbox::{Ask, Gate, Mailbox, Panicked, Request};
use callsign::token::MintToken;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use super::broker::TestBroker;
use super::machine::AwsMachine;

/// Stands in for the minter: does something else first, once, then lets the real one mint.
struct Meanwhile {
    broker: Broker,
    first: Option<LocalBoxFuture<'static, ()>>,
    minted: Arc<AtomicUsize>,
}

impl Actor for Meanwhile {
    type Context = Context<Self>;
}

impl Handler<Ask<MintToken>> for Meanwhile {
    type Result = ResponseFuture<Result<<MintToken as Request>::Answer, Panicked>>;

    fn handle(&mut self, ask: Ask<MintToken>, _: &mut Self::Context) -> Self::Result {
        let (broker, first) = (self.broker.clone(), self.first.take());
        self.minted.fetch_add(1, Ordering::SeqCst);
        ask.answer_later(move |request| async move {
            if let Some(first) = first {
                first.await;
            }
            broker.mint.ask(request).await.unwrap()
        })
    }
}

/// What the agent `name` of this machine asks.
pub fn login(test: &TestBroker, machine: &str, name: &str) -> LoginRequest {
    LoginRequest {
        request_id: "test".to_owned(),
        proof: IdentityProof::aws_pkcs7(&AwsMachine::new(machine).pkcs7(test.clock.now())).unwrap(),
        agent_name: Some(name.to_owned()),
    }
}

/// Logs `main` in while this is done; tells how often a token was minted.
pub async fn log_in_while(
    test: &TestBroker,
    machine: &str,
    meanwhile: impl Future<Output = ()> + 'static,
) -> (Result<GrantedLogin, LoginError>, usize) {
    let minted = Arc::new(AtomicUsize::new(0));
    let mut broker = test.service.broker().clone();
    let first = Some(meanwhile.boxed_local());
    let probe = Meanwhile { broker: broker.clone(), first, minted: Arc::clone(&minted) };
    let gate = Gate::new("meanwhile", 4, Duration::from_secs(60));
    broker.mint = Mailbox::new(&probe.start(), &gate);
    let outcome = authenticate(&broker, login(test, machine, "main")).await;
    (outcome, minted.load(Ordering::SeqCst))
}
