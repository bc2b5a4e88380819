//! Who looks registrations up, and who changes them? The directory actor.
//!
//! It holds no registration in memory: what it answers is what the database says now, so that
//! several brokers on one database never disagree.

use actix::{Actor, Context, Handler, ResponseFuture};

use super::messages::{
    Converge, DirectoryError, FileResources, FindAgent, ListAgents, ListResources, Retire,
    ShowAgent, ShowResource,
};
use super::selection::{Agent, Refused, select};
use super::store;
use crate::clock::Clock;
use crate::database::Database;
use crate::mailbox::{Ask, Lifeline, Panicked, Ping, Request};

/// Looks up and converges registrations.
#[derive(Debug)]
pub struct Directory {
    database: Database,
    clock: Clock,
    _lifeline: Lifeline,
}

impl Directory {
    /// A directory over this database.
    pub fn new(database: Database, clock: Clock, lifeline: Lifeline) -> Self {
        Self { database, clock, _lifeline: lifeline }
    }
}

impl Actor for Directory {
    type Context = Context<Self>;
}

type Reply<R> = ResponseFuture<Result<<R as Request>::Answer, Panicked>>;

impl Handler<Ask<FindAgent>> for Directory {
    type Result = Reply<FindAgent>;

    fn handle(&mut self, ask: Ask<FindAgent>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(|request| async move { find_agent(&database, request).await })
    }
}

impl Handler<Ask<Converge>> for Directory {
    type Result = Reply<Converge>;

    fn handle(&mut self, ask: Ask<Converge>, _: &mut Self::Context) -> Self::Result {
        let (database, now) = (self.database.clone(), self.clock.now());
        ask.answer_later(
            move |request| async move { store::converge(&database, &request, now).await },
        )
    }
}

impl Handler<Ask<Retire>> for Directory {
    type Result = Reply<Retire>;

    fn handle(&mut self, ask: Ask<Retire>, _: &mut Self::Context) -> Self::Result {
        let (database, now) = (self.database.clone(), self.clock.now());
        ask.answer_later(move |request| async move { store::retire(&database, request, now).await })
    }
}

impl Handler<Ask<FileResources>> for Directory {
    type Result = Reply<FileResources>;

    fn handle(&mut self, ask: Ask<FileResources>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(|FileResources| async move {
            store::file_resources(database.connection()).await
        })
    }
}

impl Handler<Ask<ListResources>> for Directory {
    type Result = Reply<ListResources>;

    fn handle(&mut self, ask: Ask<ListResources>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(move |ListResources(filter, cursor)| async move {
            store::list_resources(database.connection(), filter, cursor).await
        })
    }
}

impl Handler<Ask<ListAgents>> for Directory {
    type Result = Reply<ListAgents>;

    fn handle(&mut self, ask: Ask<ListAgents>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(move |ListAgents(filter, cursor)| async move {
            store::list_agents(database.connection(), filter, cursor).await
        })
    }
}

impl Handler<Ask<ShowResource>> for Directory {
    type Result = Reply<ShowResource>;

    fn handle(&mut self, ask: Ask<ShowResource>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(move |ShowResource(id)| async move {
            store::show_resource(database.connection(), id).await
        })
    }
}

impl Handler<Ask<ShowAgent>> for Directory {
    type Result = Reply<ShowAgent>;

    fn handle(&mut self, ask: Ask<ShowAgent>, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        ask.answer_later(move |ShowAgent(id)| async move {
            store::show_agent(database.connection(), id).await
        })
    }
}

impl Handler<Ask<Ping>> for Directory {
    type Result = Result<(), Panicked>;

    fn handle(&mut self, ask: Ask<Ping>, _: &mut Self::Context) -> Self::Result {
        ask.answer(|Ping| ())
    }
}

async fn find_agent(
    database: &Database,
    FindAgent { instance, name }: FindAgent,
) -> Result<Result<Agent, Refused>, DirectoryError> {
    let connection = database.connection();
    let (provider, instance_id) = (instance.provider(), instance.instance_id().clone());
    let account = instance.account().to_owned();
    let live = store::find_live(connection, provider, &instance_id).await?;
    match select(live, instance, name.as_deref()) {
        Err(Refused::InstanceUnknown)
            if store::was_retired(connection, provider, &instance_id, &account).await? =>
        {
            Ok(Err(Refused::InstanceRetired))
        }
        outcome => Ok(outcome),
    }
}
