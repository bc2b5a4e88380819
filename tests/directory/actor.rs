//! Does the directory actor say what it cannot do, and never mistake it for a verdict?

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::Actor as _;
use callsign::clock::Clock;
use callsign::directory::actor::Directory;
use callsign::directory::{
    ChangeRefused, Converge, Converged, DirectoryError, FileResources, FindAgent, Retire, Rules,
};
use callsign::mailbox::{Ask, Gate, Lifeline, Mailbox, Ping, Request};
use callsign::names::Provider;
use callsign::registration::Registrar;
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::verified;
use crate::support::broker::{declared, resource};
use crate::support::database::Opened;
use crate::support::rows::now;

const MACHINE: &str = "i-0123456789abcdef0";

struct Actor {
    address: actix::Addr<Directory>,
    deaths: mpsc::UnboundedReceiver<&'static str>,
}

fn start(database: callsign::database::Database) -> Actor {
    let (notices, deaths) = mpsc::unbounded_channel();
    let lifeline = Lifeline::watch(&notices, "directory");
    let address = Directory::new(database, Rules::default(), Clock::from_fn(now), lifeline).start();
    Actor { address, deaths }
}

impl Actor {
    fn mailbox<R: Request>(&self) -> Mailbox<R>
    where
        Directory: actix::Handler<Ask<R>>,
    {
        Mailbox::new(&self.address, &Gate::new("directory", 8, Duration::from_secs(60)))
    }
}

#[actix::test]
async fn a_declaration_is_converged_once_and_retired_once() {
    let opened = Opened::new().await;
    let actor = start(opened.database.clone());
    let [spec] = declared(&resource(MACHINE, &["main"])).try_into().unwrap();
    let converge: Mailbox<Converge> = actor.mailbox();
    let declare = || Converge::from_file(spec.clone());
    let begun = converge.ask(declare()).await.unwrap().unwrap().unwrap();
    let names: Vec<&str> = begun.resource.agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!((begun.begun, begun.event.is_some(), names), (true, true, vec!["main"]));
    let again = converge.ask(declare()).await.unwrap().unwrap().unwrap();
    assert_eq!(again, Converged { resource: begun.resource, begun: false, event: None });
    let files = actor.mailbox::<FileResources>().ask(FileResources).await.unwrap().unwrap();
    assert_eq!(files, [(Provider::Aws, spec.instance_id.clone())]);
    let retire: Mailbox<Retire> = actor.mailbox();
    let question = || Retire {
        provider: Provider::Aws,
        instance_id: spec.instance_id.clone(),
        by: Registrar::File,
        request_id: None,
    };
    assert!(retire.ask(question()).await.unwrap().unwrap().is_ok());
    assert_eq!(retire.ask(question()).await, Ok(Ok(Err(ChangeRefused::NotRegistered))));
}

#[actix::test]
async fn after_a_crowd_a_look_lets_those_come_along_that_are_ready() {
    let opened = Opened::new().await;
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let actor = start(opened.again().await.telling(move |sql| {
        counted.fetch_add(usize::from(sql.contains("\"agent_name\"")), Ordering::SeqCst);
    }));
    let [spec] = declared(&resource(MACHINE, &["main"])).try_into().unwrap();
    assert!(actor.mailbox().ask(Converge::from_file(spec)).await.unwrap().unwrap().is_ok());
    let find: Mailbox<FindAgent> = actor.mailbox();
    let question = || FindAgent { instance: verified(MACHINE), name: None };
    // Eight are looked up as one and seven, and the four of them that come back as one group.
    for (logins, looked) in [(8, 2), (4, 3)] {
        let found = join_all((0..logins).map(|_| find.ask(question()))).await;
        assert!(found.iter().all(|found| matches!(found, Ok(Ok(Ok(_))))), "{found:?}");
        assert_eq!(looks.load(Ordering::SeqCst), looked);
    }
}

#[actix::test]
async fn a_database_that_is_away_is_an_error_of_ours_and_the_actor_lives_on() {
    let opened = Opened::new().await;
    let mut actor = start(opened.again().await);
    let [spec] = declared(&resource(MACHINE, &["main"])).try_into().unwrap();
    let away = opened.again().await;
    away.clone().close().await.unwrap();
    let broken = start(away);
    let answer = broken.mailbox().ask(Converge::from_file(spec.clone())).await.unwrap();
    assert!(matches!(answer, Err(DirectoryError::Database(_))), "{answer:?}");
    assert_eq!(broken.mailbox().ask(Ping).await, Ok(()));
    assert!(actor.mailbox().ask(Converge::from_file(spec)).await.unwrap().unwrap().is_ok());
    assert!(actor.deaths.try_recv().is_err());
}
