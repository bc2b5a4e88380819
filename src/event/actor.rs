//! Who writes it down? The recorder: many requests, one commit.
//!
//! What arrives while a commit is under way goes into the next one, so the cost of a durable
//! commit is shared by as many logins as came in meanwhile. A crowd comes back: after a commit
//! of several the next one waits for half as many, but for no more than a moment. Logins that come
//! one by one wait for nobody.
//!
//! A commit that breaks off may have been made or not. It counts as failed: there may be a record
//! of a token that nobody got, never a token without its record.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt as _, AsyncContext as _, Context, Handler, ResponseFuture, SpawnHandle,
    WrapFuture as _,
};
use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::budget::RefusalBudget;
use super::enrolment::Enrolment;
use super::kinds::{AuthEvent, Happening, LoginGranted};
use super::messages::{CheckRecording, Enrol, Heartbeat, Receipt, Record, RecordError};
use super::store::{self, AsOf};
use crate::clock::Clock;
use crate::database::{Database, is_about_data};
use crate::mailbox::{Ask, Lifeline, Line, Panicked, Ping, Place};
use crate::metrics::Metrics;

/// How long a commit waits for half as many as the last one had: about as long as it takes itself.
const PAUSE: Duration = Duration::from_millis(1);

/// How the recorder groups and bounds what it writes.
#[derive(Clone, Copy, Debug)]
pub struct RecorderSettings {
    /// Requests in one commit, at most; 1 turns grouping off.
    pub commit_size: usize,
    /// Refused logins that are recorded at once.
    pub refusal_burst: u32,
    /// Refused logins that are recorded per second in the long run.
    pub refusals_per_second: u32,
}

impl Default for RecorderSettings {
    fn default() -> Self {
        Self { commit_size: 256, refusal_burst: 200, refusals_per_second: 20 }
    }
}

/// The one writer of what happened.
#[derive(Debug)]
pub struct Recorder {
    database: Database,
    clock: Clock,
    metrics: Metrics,
    settings: RecorderSettings,
    budget: RefusalBudget,
    waiting: Line<Waiting>,
    /// Ends the wait for more, where there is one.
    pause: Option<SpawnHandle>,
    /// Whether the last commit was one, as far as it depends on the database.
    is_well: Arc<AtomicBool>,
    _lifeline: Lifeline,
}

/// A request that waits for its commit.
#[derive(Debug)]
struct Waiting {
    entry: Entry,
    done: oneshot::Sender<Result<Receipt, RecordError>>,
    _place: Place,
}

#[derive(Debug)]
enum Entry {
    Event(Arc<AuthEvent>),
    Enrolment(Box<Enrol>),
    Seen(Uuid, DateTime<Utc>),
    /// Whether anything could be written.
    Trial,
}

impl Recorder {
    /// A recorder into this database.
    pub fn new(
        database: Database,
        clock: Clock,
        metrics: Metrics,
        settings: RecorderSettings,
        lifeline: Lifeline,
    ) -> Self {
        let budget =
            RefusalBudget::new(settings.refusal_burst, settings.refusals_per_second, clock.now());
        Self {
            database,
            clock,
            metrics,
            settings,
            budget,
            waiting: Line::default(),
            pause: None,
            is_well: Arc::new(AtomicBool::new(true)),
            _lifeline: lifeline,
        }
    }

    fn enqueue(
        &mut self,
        entry: Entry,
        place: Place,
        context: &mut Context<Self>,
    ) -> ResponseFuture<Result<Result<Receipt, RecordError>, Panicked>> {
        let (done, receipt) = oneshot::channel();
        self.waiting.join([Waiting { entry, done, _place: place }]);
        self.commit_soon(context);
        // A commit that panicked drops its senders.
        Box::pin(async move { receipt.await.map_err(|_| Panicked) })
    }

    /// Commits at once, or waits for a moment where few of the last crowd are back.
    fn commit_soon(&mut self, context: &mut Context<Self>) {
        if !self.waiting.is_short() {
            self.commit_next(context);
        } else if self.pause.is_none() {
            self.pause = Some(context.run_later(PAUSE, Self::commit_next));
        }
    }

    fn commit_next(&mut self, context: &mut Context<Self>) {
        if let Some(pause) = self.pause.take() {
            context.cancel_future(pause);
        }
        let most = self.settings.commit_size;
        let next = |waiting: &mut Vec<Waiting>| waiting.drain(..waiting.len().min(most)).collect();
        let Some(group) = self.waiting.begin(next) else { return };
        self.metrics.commit_size(group.len());
        // A task of its own, so that a panic in it ends this commit and not the recorder.
        let (database, is_well) = (self.database.clone(), Arc::clone(&self.is_well));
        let commit = actix::spawn(async move { commit_group(&database, group, &is_well).await });
        context.spawn(commit.into_actor(self).map(|_, recorder, context| {
            recorder.waiting.end();
            recorder.commit_soon(context);
        }));
    }
}

impl Actor for Recorder {
    type Context = Context<Self>;
}

impl Handler<Ask<Record>> for Recorder {
    type Result = ResponseFuture<Result<Result<Receipt, RecordError>, Panicked>>;

    fn handle(&mut self, ask: Ask<Record>, context: &mut Self::Context) -> Self::Result {
        let (Record(event), place) = ask.into_parts();
        let refused = matches!(event.what, Happening::LoginRefused(_));
        if refused && !self.budget.spend(self.clock.now()) {
            self.metrics.refusal_not_recorded();
            return Box::pin(async { Ok(Ok(Receipt::COUNTED)) });
        }
        self.enqueue(Entry::Event(event), place, context)
    }
}

impl Handler<Ask<Enrol>> for Recorder {
    type Result = ResponseFuture<Result<Result<Receipt, RecordError>, Panicked>>;

    fn handle(&mut self, ask: Ask<Enrol>, context: &mut Self::Context) -> Self::Result {
        let (enrol, place) = ask.into_parts();
        self.enqueue(Entry::Enrolment(Box::new(enrol)), place, context)
    }
}

impl Handler<Ask<Heartbeat>> for Recorder {
    type Result = ResponseFuture<Result<Result<Receipt, RecordError>, Panicked>>;

    fn handle(&mut self, ask: Ask<Heartbeat>, context: &mut Self::Context) -> Self::Result {
        let (Heartbeat { agent_id, at }, place) = ask.into_parts();
        self.enqueue(Entry::Seen(agent_id, at), place, context)
    }
}

/// Where the last commit failed, another is tried: nobody may be sent here meanwhile whose login would
/// show that all is well again.
impl Handler<Ask<CheckRecording>> for Recorder {
    type Result = ResponseFuture<Result<Result<Receipt, RecordError>, Panicked>>;

    fn handle(&mut self, ask: Ask<CheckRecording>, context: &mut Self::Context) -> Self::Result {
        let (CheckRecording, place) = ask.into_parts();
        if self.is_well.load(Ordering::Acquire) {
            return Box::pin(async { Ok(Ok(Receipt::COUNTED)) });
        }
        self.enqueue(Entry::Trial, place, context)
    }
}

impl Handler<Ask<Ping>> for Recorder {
    type Result = Result<(), Panicked>;

    fn handle(&mut self, ask: Ask<Ping>, _: &mut Self::Context) -> Self::Result {
        ask.answer(|Ping| ())
    }
}

/// Commits a group and tells its members, once it is known whether the database is well.
async fn commit_group(database: &Database, group: Vec<Waiting>, is_well: &AtomicBool) {
    let committed = Database::in_time(commit(database, &group)).await;
    let database_failed = committed.as_ref().is_err_and(|error| !is_about_data(error));
    is_well.store(!database_failed, Ordering::Release);
    match committed {
        Ok(found) => group.into_iter().for_each(|waiting| waiting.tell_by(&found)),
        // One bad record must not take the others down with it.
        Err(_) if group.len() > 1 && !database_failed => {
            for waiting in group {
                Box::pin(commit_group(database, vec![waiting], is_well)).await;
            }
        }
        // One by one, each would wait as long to fail for the same reason.
        Err(error) => group.into_iter().for_each(|waiting| waiting.tell(Err(lost(&error)))),
    }
}

/// What a commit found out about the tokens of its group.
#[derive(Debug)]
struct Found {
    /// The tokens whose challenge was answered before.
    late: HashSet<Uuid>,
    /// The agents that may have theirs.
    live: HashSet<Uuid>,
}

/// Commits a group, but for tokens whose challenge was answered before, or whose agent has ended
/// since it was found.
async fn commit(database: &Database, group: &[Waiting]) -> Result<Found, DbErr> {
    let entries = || group.iter().map(|waiting| &waiting.entry);
    let tokens = || entries().filter_map(Entry::token);
    let seen: Vec<(Uuid, DateTime<Utc>)> = entries().filter_map(Entry::seen).collect();
    let transaction = database.begin_record().await?;
    let late = store::answer(&transaction, tokens()).await?;
    let enrolments = entries().filter(|entry| !entry.is_late(&late)).filter_map(Entry::enrolment);
    store::enrol(&transaction, enrolments.collect()).await?;
    let token_holders = tokens().map(|token| (token.agent_id, token.found_as_of));
    let concerned = token_holders.chain(seen.iter().map(|(agent, _)| (*agent, AsOf::UNKNOWN)));
    let live = store::hold_found(&transaction, concerned).await?;
    let ended = tokens().filter(|token| !live.contains(&token.agent_id));
    store::take_back(&transaction, ended).await?;
    let found = Found { late, live };
    let kept = entries().filter(|entry| entry.judge(&found).is_ok());
    store::append(&transaction, kept.flat_map(Entry::events)).await?;
    store::mark_seen(&transaction, &seen).await?;
    if group.iter().any(|waiting| matches!(waiting.entry, Entry::Trial)) {
        store::try_write(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(found)
}

impl Entry {
    fn events(&self) -> impl Iterator<Item = &AuthEvent> {
        let events = match self {
            Entry::Event(event) => [Some(event), None],
            Entry::Enrolment(enrol) => [Some(&enrol.enrolled), Some(&enrol.granted)],
            Entry::Seen(..) | Entry::Trial => [None, None],
        };
        events.into_iter().flatten().map(Arc::as_ref)
    }

    fn enrolment(&self) -> Option<&Enrolment> {
        self.events().find_map(|event| match &event.what {
            Happening::InstanceEnrolled(enrolment) => Some(enrolment),
            _ => None,
        })
    }

    /// The token that this is the record of.
    fn token(&self) -> Option<&LoginGranted> {
        self.events().find_map(|event| event.what.token())
    }

    fn is_late(&self, late: &HashSet<Uuid>) -> bool {
        self.token().is_some_and(|token| late.contains(&token.token_id))
    }

    fn judge(&self, found: &Found) -> Result<(), RecordError> {
        match self.token() {
            Some(_) if self.is_late(&found.late) => Err(RecordError::ChallengeAnswered),
            Some(token) if !found.live.contains(&token.agent_id) => Err(RecordError::AgentEnded),
            _ => Ok(()),
        }
    }

    fn seen(&self) -> Option<(Uuid, DateTime<Utc>)> {
        match self {
            Entry::Seen(agent, at) => Some((*agent, *at)),
            Entry::Event(_) | Entry::Enrolment(_) | Entry::Trial => None,
        }
    }
}

fn lost(error: &DbErr) -> RecordError {
    RecordError::Database(error.to_string())
}

impl Waiting {
    fn tell_by(self, found: &Found) {
        let judged = self.entry.judge(found);
        self.tell(judged.map(|()| Receipt::KEPT));
    }

    fn tell(self, outcome: Result<Receipt, RecordError>) {
        // Nobody waits any more when the client hung up; the record stands all the same.
        let _ = self.done.send(outcome);
    }
}

#[cfg(test)]
mod tests;
