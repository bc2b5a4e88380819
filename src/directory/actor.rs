//! Who looks registrations up, and who changes them? The directory actor.
//!
//! It holds no registration in memory: what it answers is what the database says now, so that
//! several brokers on one database never disagree. Who asks while a look is under way is answered by
//! the next one, all with one query, so a storm of logins costs few queries, and logins that come one
//! by one wait for nobody. Declarations are grouped the same way, into one transaction.

use std::collections::HashSet;

use actix::{
    Actor, ActorFutureExt as _, AsyncContext as _, Context, Handler, ResponseFuture,
    WrapFuture as _,
};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::lookup::{Books, Waiting, look, look_back, next_look};
use super::messages::{
    Converge, FileResources, FindAgent, FindSubAgent, ListAgents, ListResources, Retire, ShowAgent,
    ShowResource,
};
use super::rules::Rules;
use super::{store, sub_agent};
use crate::clock::Clock;
use crate::database::Database;
use crate::mailbox::{Ask, Lifeline, Line, Panicked, Ping, Place, Request};

/// Looks up and converges registrations.
#[derive(Debug)]
pub struct Directory {
    database: Database,
    rules: Rules,
    clock: Clock,
    live: Line<Waiting>,
    earlier: Line<Waiting>,
    changes: Line<WaitingChange>,
    _lifeline: Lifeline,
}

/// A declaration that waits for its transaction.
#[derive(Debug)]
struct WaitingChange {
    request: Converge,
    done: oneshot::Sender<<Converge as Request>::Answer>,
    _place: Place,
}

impl Directory {
    /// A directory over this database, that enrols by these rules.
    pub fn new(database: Database, rules: Rules, clock: Clock, lifeline: Lifeline) -> Self {
        Self {
            database,
            rules,
            clock,
            live: Line::default(),
            earlier: Line::default(),
            changes: Line::default(),
            _lifeline: lifeline,
        }
    }

    /// Looks at once, or, where few of the last crowd are back, lets all that is ready on this thread
    /// have its turn: logins that are about to ask come along.
    fn look_soon(&mut self, context: &mut Context<Self>) {
        if !self.live.is_short() {
            self.look_next(context);
        } else if self.live.is_of_one() {
            let others_first = yield_now().into_actor(self);
            context.spawn(others_first.map(|(), directory, context| directory.look_next(context)));
        }
    }

    fn look_next(&mut self, context: &mut Context<Self>) {
        let Some(group) = self.live.begin(next_look) else { return };
        // A task of its own, so that a panic in it ends this look and not the directory.
        let look = actix::spawn(look(self.books(), group));
        context.spawn(look.into_actor(self).map(|missing, directory, context| {
            directory.live.end();
            directory.earlier.join(missing.into_iter().flatten());
            directory.look_next(context);
            directory.look_back_next(context);
        }));
    }

    fn look_back_next(&mut self, context: &mut Context<Self>) {
        let Some(group) = self.earlier.begin(next_look) else { return };
        let look = actix::spawn(look_back(self.books(), group));
        context.spawn(look.into_actor(self).map(|_, directory, context| {
            directory.earlier.end();
            directory.look_back_next(context);
        }));
    }

    fn change_next(&mut self, context: &mut Context<Self>) {
        let Some(group) = self.changes.begin(next_changes) else { return };
        let change = actix::spawn(change(self.books(), group));
        context.spawn(change.into_actor(self).map(|_, directory, context| {
            directory.changes.end();
            directory.change_next(context);
        }));
    }

    fn books(&self) -> Books {
        let (database, rules) = (self.database.clone(), self.rules.clone());
        Books { database, rules, clock: self.clock.clone() }
    }
}

impl Actor for Directory {
    type Context = Context<Self>;
}

type Reply<R> = ResponseFuture<Result<<R as Request>::Answer, Panicked>>;

impl Handler<Ask<FindAgent>> for Directory {
    type Result = Reply<FindAgent>;

    fn handle(&mut self, ask: Ask<FindAgent>, context: &mut Self::Context) -> Self::Result {
        let (request, place) = ask.into_parts();
        let (waiting, found) = Waiting::new(request, place);
        self.live.join([waiting]);
        self.look_soon(context);
        // A look that panicked drops its senders.
        Box::pin(async move { found.await.map_err(|_| Panicked) })
    }
}

impl Handler<Ask<FindSubAgent>> for Directory {
    type Result = Reply<FindSubAgent>;

    fn handle(&mut self, ask: Ask<FindSubAgent>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(|FindSubAgent { parent_id, name }| {
            Database::in_time(async move {
                let live = store::sub_agents(database.connection(), parent_id).await?;
                Ok(sub_agent::select(parent_id, live, &name))
            })
        })
    }
}

impl Handler<Ask<Converge>> for Directory {
    type Result = Reply<Converge>;

    fn handle(&mut self, ask: Ask<Converge>, context: &mut Self::Context) -> Self::Result {
        let (request, place) = ask.into_parts();
        let (done, converged) = oneshot::channel();
        self.changes.join([WaitingChange { request, done, _place: place }]);
        self.change_next(context);
        Box::pin(async move { converged.await.map_err(|_| Panicked) })
    }
}

impl Handler<Ask<Retire>> for Directory {
    type Result = Reply<Retire>;

    fn handle(&mut self, ask: Ask<Retire>, _: &mut Self::Context) -> Self::Result {
        let (database, now) = (self.database.clone(), self.clock.now());
        ask.answer_later(move |request| {
            Database::in_time(async move { store::retire(&database, request, now).await })
        })
    }
}

impl Handler<Ask<FileResources>> for Directory {
    type Result = Reply<FileResources>;

    fn handle(&mut self, ask: Ask<FileResources>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(|FileResources| {
            Database::in_time(async move { store::file_resources(database.connection()).await })
        })
    }
}

impl Handler<Ask<ListResources>> for Directory {
    type Result = Reply<ListResources>;

    fn handle(&mut self, ask: Ask<ListResources>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(move |ListResources(filter, cursor)| {
            Database::in_time(async move {
                store::list_resources(database.connection(), filter, cursor).await
            })
        })
    }
}

impl Handler<Ask<ListAgents>> for Directory {
    type Result = Reply<ListAgents>;

    fn handle(&mut self, ask: Ask<ListAgents>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(move |ListAgents(filter, cursor)| {
            Database::in_time(async move {
                store::list_agents(database.connection(), filter, cursor).await
            })
        })
    }
}

impl Handler<Ask<ShowResource>> for Directory {
    type Result = Reply<ShowResource>;

    fn handle(&mut self, ask: Ask<ShowResource>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(move |ShowResource(id)| {
            Database::in_time(async move { store::show_resource(database.connection(), id).await })
        })
    }
}

impl Handler<Ask<ShowAgent>> for Directory {
    type Result = Reply<ShowAgent>;

    fn handle(&mut self, ask: Ask<ShowAgent>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(move |ShowAgent(id)| {
            Database::in_time(async move { store::show_agent(database.connection(), id).await })
        })
    }
}

impl Handler<Ask<Ping>> for Directory {
    type Result = Result<(), Panicked>;

    fn handle(&mut self, ask: Ask<Ping>, _: &mut Self::Context) -> Self::Result {
        ask.answer(|Ping| ())
    }
}

/// Those that have waited longest, of different machines of one cloud: of two declarations of one
/// machine, the second is compared with what the first has left.
fn next_changes(waiting: &mut Vec<WaitingChange>) -> Vec<WaitingChange> {
    let provider = waiting.first().map(|first| first.request.spec.provider);
    let mut machines = HashSet::new();
    let fits = |asked: &mut WaitingChange| {
        let spec = &asked.request.spec;
        Some(spec.provider) == provider
            && machines.len() < store::MOST_AT_ONCE
            && machines.insert(spec.instance_id.clone())
    };
    waiting.extract_if(.., fits).collect()
}

async fn change(Books { database, clock, .. }: Books, group: Vec<WaitingChange>) {
    let (requests, waiting): (Vec<Converge>, Vec<_>) =
        group.into_iter().map(|asked| (asked.request, (asked.done, asked._place))).unzip();
    let answers = store::converge(&database, &requests, clock.now()).await;
    for ((done, _place), answer) in waiting.into_iter().zip(answers) {
        // Nobody waits any more when the client hung up; the change stands all the same.
        let _ = done.send(answer);
    }
}
