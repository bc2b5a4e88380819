//! Who answers on a thread that serves? Actors of its own, where none needs to be shared.
//!
//! Verifier, Directory and Minter keep nothing between two requests, so any number of them answer
//! alike. With a set on each thread that serves, a login wakes no other thread up to be verified,
//! found and minted: a message costs less than a microsecond there and some seven across threads.
//! Only the recorder is one for all, because it groups what it writes.

use std::sync::Arc;

use actix::Actor as _;
use tokio::sync::mpsc;

use super::Broker;
use crate::clock::Clock;
use crate::database::Database;
use crate::directory::Rules;
use crate::directory::actor::Directory;
use crate::identity::{Policy, Trust, Verifier};
use crate::mailbox::{Lifeline, Mailbox};
use crate::token::actor::Minter;
use crate::token::{KeyRing, TokenSettings};

/// What the actors are made of that keep nothing.
#[derive(Clone, Debug)]
pub(super) struct Stateless {
    pub(super) trust: Arc<Trust>,
    pub(super) policy: Arc<Policy>,
    pub(super) settings: TokenSettings,
    pub(super) keys: Arc<KeyRing>,
    pub(super) database: Database,
    pub(super) rules: Rules,
    pub(super) clock: Clock,
    pub(super) deaths: mpsc::UnboundedSender<&'static str>,
}

impl Stateless {
    pub(super) fn verifier(&self) -> Verifier {
        let (trust, policy) = (Arc::clone(&self.trust), Arc::clone(&self.policy));
        Verifier::new(trust, policy, self.clock.clone(), self.lifeline("verifier"))
    }

    pub(super) fn directory(&self) -> Directory {
        let (database, rules) = (self.database.clone(), self.rules.clone());
        Directory::new(database, rules, self.clock.clone(), self.lifeline("directory"))
    }

    pub(super) fn minter(&self) -> Minter {
        let (keys, settings) = (Arc::clone(&self.keys), self.settings.clone());
        let lifeline = self.lifeline("minter");
        Minter::new(self.database.clone(), keys, settings, self.clock.clone(), lifeline)
    }

    fn lifeline(&self, name: &'static str) -> Lifeline {
        Lifeline::watch(&self.deaths, name)
    }
}

/// Gives each thread a flow whose stateless actors are its own.
#[derive(Clone, Debug)]
pub struct Desk {
    pub(super) stateless: Stateless,
    pub(super) shared: Broker,
}

impl Desk {
    /// Starts the actors on this thread. The bounds of the shared ones hold for all together.
    pub fn open(&self) -> Broker {
        let shared = self.shared.clone();
        let verifier = self.stateless.verifier().start();
        let directory = self.stateless.directory().start();
        let minter = self.stateless.minter().start();
        let (verifying, finding) = (shared.verify.gate(), shared.find.gate());
        let (minting, recorder) = (shared.mint.gate(), shared.pings.last().cloned());
        let mut pings = vec![
            Mailbox::new(&verifier, verifying),
            Mailbox::new(&directory, finding),
            Mailbox::new(&minter, minting),
        ];
        pings.extend(recorder);
        Broker {
            verify: Mailbox::new(&verifier, verifying),
            challenge: Mailbox::new(&verifier, verifying),
            find: Mailbox::new(&directory, finding),
            mint: Mailbox::new(&minter, minting),
            check: Mailbox::new(&minter, minting),
            check_signing: Mailbox::new(&minter, minting),
            pings,
            ..shared
        }
    }
}
