//! An agent that is retired between the look and the record gets no token: the record decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::{Actor, Context, Handler, ResponseFuture};
use callsign::broker::Broker;
use callsign::broker::authenticate::{GrantedLogin, LoginRequest, authenticate};
use callsign::broker::deploy::deploy;
use callsign::broker::error::{BrokerError, Denied, LoginError};
use callsign::directory::Refused;
use callsign::identity::IdentityProof;
use callsign::mailbox::{Ask, Gate, Mailbox, Panicked, Request};
use callsign::registration::ResourceSpec;
use callsign::token::MintToken;

use crate::support::broker::{TestBroker, declared, resource};
use crate::support::machine::AwsMachine;

const MACHINE: &str = "i-0123456789abcdef0";

/// Stands in for the minter: changes the registrations first, then lets the real one mint.
struct Meanwhile {
    broker: Broker,
    becomes: Vec<ResourceSpec>,
    minted: Arc<AtomicUsize>,
}

impl Actor for Meanwhile {
    type Context = Context<Self>;
}

impl Handler<Ask<MintToken>> for Meanwhile {
    type Result = ResponseFuture<Result<<MintToken as Request>::Answer, Panicked>>;

    fn handle(&mut self, ask: Ask<MintToken>, _: &mut Self::Context) -> Self::Result {
        let (broker, becomes) = (self.broker.clone(), self.becomes.clone());
        self.minted.fetch_add(1, Ordering::SeqCst);
        ask.answer_later(move |request| async move {
            deploy(&broker, &becomes).await.unwrap();
            broker.mint.ask(request).await.unwrap()
        })
    }
}

/// Logs in while the registrations become these; tells how often a token was minted.
async fn log_in_while(
    test: &TestBroker,
    becomes: &str,
) -> (Result<GrantedLogin, LoginError>, usize) {
    let minted = Arc::new(AtomicUsize::new(0));
    let mut broker = test.service.broker().clone();
    let meanwhile = Meanwhile {
        broker: broker.clone(),
        becomes: declared(becomes),
        minted: Arc::clone(&minted),
    };
    let gate = Gate::new("meanwhile", 1, Duration::from_secs(60));
    broker.mint = Mailbox::new(&meanwhile.start(), &gate);
    let login = LoginRequest {
        request_id: "test".to_owned(),
        proof: IdentityProof::aws_pkcs7(&AwsMachine::new(MACHINE).pkcs7(test.clock.now())).unwrap(),
        agent_name: Some("main".to_owned()),
    };
    let outcome = authenticate(&broker, login).await;
    (outcome, minted.load(Ordering::SeqCst))
}

#[actix::test]
async fn a_machine_that_is_retired_meanwhile_is_refused() {
    let test = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let (outcome, minted) = log_in_while(&test, "").await;
    let Err(BrokerError::Denied(Denied::Agent { reason, .. })) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((reason, minted), (Refused::InstanceRetired, 1));
}

#[actix::test]
async fn a_generation_that_begins_meanwhile_gives_the_token() {
    let test = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let anew = resource(MACHINE, &["main"])
        .replace("name = \"machine\"", "name = \"m\"\ngeneration = \"2\"");
    let (outcome, minted) = log_in_while(&test, &anew).await;
    let granted = outcome.unwrap();
    assert_eq!(minted, 2);
    let me = test.get_as("/v1/agents/me", granted.token().jwt()).await;
    assert_eq!(me.json()["resource"]["name"], "m");
}
