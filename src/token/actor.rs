//! Who holds the keys? The minter actor: it mints, and it says whether a token stands.

use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture};

use super::check;
use super::delegate::delegate;
use super::keys::KeyRing;
use super::messages::{CheckSigning, CheckToken, DelegateToken, MintToken, TokenError};
use super::mint::{TokenSettings, mint};
use super::store;
use crate::clock::Clock;
use crate::database::Database;
use crate::mailbox::{Ask, Lifeline, Panicked, Ping, Request};

/// Mints tokens and checks them.
#[derive(Debug)]
pub struct Minter {
    database: Database,
    keys: Arc<KeyRing>,
    settings: Arc<TokenSettings>,
    clock: Clock,
    _lifeline: Lifeline,
}

impl Minter {
    /// A minter with these keys.
    pub fn new(
        database: Database,
        keys: Arc<KeyRing>,
        settings: TokenSettings,
        clock: Clock,
        lifeline: Lifeline,
    ) -> Self {
        Self { database, keys, settings: Arc::new(settings), clock, _lifeline: lifeline }
    }
}

impl Actor for Minter {
    type Context = Context<Self>;
}

impl Handler<Ask<MintToken>> for Minter {
    type Result = Result<<MintToken as Request>::Answer, Panicked>;

    fn handle(&mut self, ask: Ask<MintToken>, _: &mut Self::Context) -> Self::Result {
        ask.answer(|MintToken { agent }| {
            mint(agent, self.keys.signing(), &self.settings, self.clock.now())
                .map_err(|_| TokenError::Signing)
        })
    }
}

impl Handler<Ask<DelegateToken>> for Minter {
    type Result = Result<<DelegateToken as Request>::Answer, Panicked>;

    fn handle(&mut self, ask: Ask<DelegateToken>, _: &mut Self::Context) -> Self::Result {
        let (key, now) = (self.keys.signing(), self.clock.now());
        ask.answer(|DelegateToken { session, sub_agent, lifetime }| {
            delegate(session, &sub_agent, lifetime, key, &self.settings, now)
        })
    }
}

impl Handler<Ask<CheckToken>> for Minter {
    type Result = ResponseFuture<Result<<CheckToken as Request>::Answer, Panicked>>;

    fn handle(&mut self, ask: Ask<CheckToken>, _: &mut Self::Context) -> Self::Result {
        let (keys, settings) = (Arc::clone(&self.keys), Arc::clone(&self.settings));
        let (database, now) = (self.database.clone(), self.clock.now());
        ask.answer_later(move |CheckToken { token }| async move {
            match check::verify(&token, &keys, &settings.issuer, now) {
                Ok(claims) => {
                    Database::in_time(store::find_session(database.connection(), claims)).await
                }
                Err(refused) => Ok(Err(refused)),
            }
        })
    }
}

impl Handler<Ask<CheckSigning>> for Minter {
    type Result = Result<bool, Panicked>;

    fn handle(&mut self, ask: Ask<CheckSigning>, _: &mut Self::Context) -> Self::Result {
        const PROBE: &[u8] = b"callsign readiness";
        let key = self.keys.signing();
        ask.answer(|CheckSigning| {
            key.sign(PROBE).is_ok_and(|signature| key.is_signature(PROBE, signature.as_ref()))
        })
    }
}

impl Handler<Ask<Ping>> for Minter {
    type Result = Result<(), Panicked>;

    fn handle(&mut self, ask: Ask<Ping>, _: &mut Self::Context) -> Self::Result {
        ask.answer(|Ping| ())
    }
}
