//! How are many logins looked up with few queries? Who asks while a query is under way is answered
//! by the next one, all together.
//!
//! There are two lines: for what is live, and, where nothing is, for what was. A storm of unknown
//! machines therefore costs one query at a time, as one of good logins does, and not the connections
//! that good logins need.

use std::collections::HashMap;

use tokio::sync::oneshot;

use super::enrolment::{Earlier, find_unregistered};
use super::messages::{DirectoryError, FindAgent};
use super::rules::Rules;
use super::selection::{LiveResource, Refused, select};
use super::store;
use crate::clock::Clock;
use crate::database::Database;
use crate::mailbox::{Place, Request};
use crate::names::InstanceId;

/// What a look goes by.
#[derive(Clone)]
pub(super) struct Books {
    pub(super) database: Database,
    pub(super) rules: Rules,
    pub(super) clock: Clock,
}

/// A login that waits for a look.
#[derive(Debug)]
pub(super) struct Waiting {
    request: FindAgent,
    /// Whether a live registration that is not for its account holds the instance id.
    is_taken: bool,
    done: oneshot::Sender<<FindAgent as Request>::Answer>,
    _place: Place,
}

/// Those that the next look is for: the ones that have waited longest, for machines of one cloud, as
/// many as go into one query.
pub(super) fn next_look(waiting: &mut Vec<Waiting>) -> Vec<Waiting> {
    let provider = waiting.first().map(|first| first.request.instance.provider());
    let mut places = store::MOST_AT_ONCE;
    let fits = |asked: &mut Waiting| {
        let fits = places > 0 && Some(asked.request.instance.provider()) == provider;
        places -= usize::from(fits);
        fits
    };
    waiting.extract_if(.., fits).collect()
}

/// Answers those for whose machines something is live; gives the others.
pub(super) async fn look(books: Books, group: Vec<Waiting>) -> Vec<Waiting> {
    let instances = group.iter().map(|asked| &asked.request.instance);
    let found = store::find_live(books.database.connection(), instances);
    match Database::in_time(found).await {
        Ok(live) => group.into_iter().filter_map(|asked| asked.answer(&live)).collect(),
        Err(error) => tell_all(group, &error),
    }
}

/// Answers those for whose machines nothing is live: was there something once, or does a rule enrol
/// the machine?
pub(super) async fn look_back(books: Books, group: Vec<Waiting>) {
    let instances = group.iter().map(|asked| &asked.request.instance);
    let earlier = store::earlier(books.database.connection(), instances);
    match Database::in_time(earlier).await {
        Ok(earlier) => group.into_iter().for_each(|asked| asked.answer_by(&books, &earlier)),
        Err(error) => drop(tell_all(group, &error)),
    }
}

fn tell_all(group: Vec<Waiting>, error: &DirectoryError) -> Vec<Waiting> {
    group.into_iter().for_each(|asked| asked.tell(Err(error.clone())));
    Vec::new()
}

impl Waiting {
    /// A login that waits, and where its answer comes out.
    pub(super) fn new(
        request: FindAgent,
        place: Place,
    ) -> (Self, oneshot::Receiver<<FindAgent as Request>::Answer>) {
        let (done, answer) = oneshot::channel();
        (Self { request, is_taken: false, done, _place: place }, answer)
    }

    fn answer(mut self, live: &HashMap<InstanceId, LiveResource>) -> Option<Self> {
        let FindAgent { instance, name } = &self.request;
        let found = live.get(instance.instance_id()).cloned();
        // An earlier account's registration, if there is one: it is not this machine's.
        self.is_taken = found.is_some();
        match select(found, instance.clone(), name.as_deref()) {
            Err(Refused::InstanceUnknown) => Some(self),
            outcome => {
                self.tell(Ok(outcome));
                None
            }
        }
    }

    fn answer_by(self, books: &Books, earlier: &HashMap<InstanceId, Earlier>) {
        let FindAgent { instance, name } = &self.request;
        let earlier = earlier.get(instance.instance_id()).cloned().unwrap_or_default();
        let earlier = Earlier { is_taken: self.is_taken, ..earlier };
        let (rules, now) = (books.rules.current(), books.clock.now());
        let outcome = find_unregistered(earlier, &rules, instance, name.as_deref(), now);
        self.tell(Ok(outcome));
    }

    fn tell(self, answer: <FindAgent as Request>::Answer) {
        // Nobody waits any more when the client hung up.
        let _ = self.done.send(answer);
    }
}
