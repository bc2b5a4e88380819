//! Who checks proofs? One of these on each thread that serves.
//!
//! A shell around [`verify`] and the challenger: it adds the time and the randomness, and passes on
//! that a key was not known.

use std::sync::Arc;

use actix::{Actor, Context, Handler};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use super::error::{Rejection, VerifyError};
use super::key_set::CurrentKeys;
use super::messages::{GiveChallenge, NotGiven, VerifyIdentity};
use super::policy::Policy;
use super::trust::Trust;
use super::verify::verify;
use crate::clock::Clock;
use crate::mailbox::{Ask, Lifeline, Panicked, Ping, Request};

/// Checks proofs. A check is work for a processor, some 25 microseconds of it, and wherever it runs
/// the others wait for that processor: to wake another thread up for it costs half as much again.
#[derive(Debug)]
pub struct Verifier {
    trust: Arc<Trust>,
    policy: Arc<Policy>,
    clock: Clock,
    _lifeline: Lifeline,
}

impl Verifier {
    /// A verifier that believes these keys and allows these machines.
    pub fn new(trust: Arc<Trust>, policy: Arc<Policy>, clock: Clock, lifeline: Lifeline) -> Self {
        Self { trust, policy, clock, _lifeline: lifeline }
    }
}

impl Actor for Verifier {
    type Context = Context<Self>;
}

impl Handler<Ask<VerifyIdentity>> for Verifier {
    type Result = Result<<VerifyIdentity as Request>::Answer, Panicked>;

    fn handle(&mut self, ask: Ask<VerifyIdentity>, _: &mut Self::Context) -> Self::Result {
        ask.answer(|VerifyIdentity { proof }| {
            let verdict = verify(&proof, &self.trust, &self.policy, self.clock.now());
            if let Err(VerifyError::Rejected(Rejection::UnknownKey)) = &verdict {
                // The issuer may have a new key; this login does not wait to find out.
                self.trust.google.iter().for_each(CurrentKeys::hasten);
            }
            verdict
        })
    }
}

impl Handler<Ask<GiveChallenge>> for Verifier {
    type Result = Result<<GiveChallenge as Request>::Answer, Panicked>;

    fn handle(&mut self, ask: Ask<GiveChallenge>, _: &mut Self::Context) -> Self::Result {
        ask.answer(|GiveChallenge { provider, agent }| {
            let challenger = self.trust.challenger.as_ref().ok_or(NotGiven::NoKey)?;
            let mut random = [0; 8];
            SystemRandom::new().fill(&mut random).map_err(|_| NotGiven::Random)?;
            let random = u64::from_ne_bytes(random);
            Ok(challenger.give(provider, agent.as_ref(), random, self.clock.now()))
        })
    }
}

impl Handler<Ask<Ping>> for Verifier {
    type Result = Result<(), Panicked>;

    fn handle(&mut self, ask: Ask<Ping>, _: &mut Self::Context) -> Self::Result {
        ask.answer(|Ping| ())
    }
}
