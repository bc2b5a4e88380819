//! Does a service let in whom the broker gave a token for it, nobody else, and go on when the broker
//! is away?

mod keeping;
mod tokens;

use callsign::verify::TokenVerifier;

use crate::support::broker::{TestBroker, resource};
use crate::support::key_server::KeyServer;
use crate::support::machine::AwsMachine;

const MACHINE: &str = "i-0123456789abcdef0";

/// What every test broker calls itself.
const ISSUER: &str = "http://127.0.0.1:7480";

const AUDIENCE: &str = "callsign";

async fn broker() -> TestBroker {
    TestBroker::start(&resource(MACHINE, &["main", "dev"])).await
}

async fn token(broker: &TestBroker, name: &str) -> String {
    broker.token(&AwsMachine::new(MACHINE), Some(name)).await
}

/// A service of this audience that takes the keys from there, by the broker's clock.
fn service(broker: &TestBroker, keys: &str, audience: &str) -> TokenVerifier {
    let verifier = TokenVerifier::new(keys, audience, broker.clock.clock()).unwrap();
    verifier.with_issuer(ISSUER)
}

/// A server of the keys of this broker.
async fn keys_of(broker: &TestBroker) -> KeyServer {
    let keys = broker.get("/.well-known/jwks.json").await;
    KeyServer::start(&keys.text, keys.header("cache-control").unwrap())
}
