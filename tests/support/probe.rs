//! Who stands in for an actor? Probes that answer as a test says, or that are in trouble.

use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use actix::{Actor, ActorContext as _, AsyncContext as _, Context, Handler, ResponseFuture};
use callsign::mailbox::{Ask, Gate, Mailbox, Panicked, Request};

/// What can be wrong with an actor, whatever it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Every place is taken.
    Full,
    /// It has stopped.
    Closed,
    /// It does not answer in time.
    Late,
    /// It panics over the request.
    Panic,
}

impl Trouble {
    pub const ALL: [Trouble; 4] = [Trouble::Full, Trouble::Closed, Trouble::Late, Trouble::Panic];
}

type Reply<R> = Pin<Box<dyn Future<Output = <R as Request>::Answer>>>;

/// An actor that answers as it is told to.
struct Probe<R: Request>(Box<dyn FnMut(R) -> Reply<R>>);

impl<R: Request> Actor for Probe<R> {
    type Context = Context<Self>;
}

impl<R: Request> Handler<Ask<R>> for Probe<R> {
    type Result = ResponseFuture<Result<R::Answer, Panicked>>;

    fn handle(&mut self, ask: Ask<R>, _: &mut Self::Context) -> Self::Result {
        ask.answer_later(|request| (self.0)(request))
    }
}

const AMPLE: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_millis(5);

/// A mailbox behind which this answers.
pub fn answering<R: Request>(mut answer: impl FnMut(R) -> R::Answer + 'static) -> Mailbox<R> {
    answering_later(move |request| ready(answer(request)))
}

/// A mailbox behind which this answers, once it knows what.
pub fn answering_later<R: Request, F: Future<Output = R::Answer> + 'static>(
    mut answer: impl FnMut(R) -> F + 'static,
) -> Mailbox<R> {
    let probe = Probe(Box::new(move |request| Box::pin(answer(request))));
    Mailbox::new(&probe.start(), &Gate::new("probe", 16, AMPLE))
}

/// A mailbox that nobody may use: a test in which it is asked fails.
pub fn unasked<R: Request>() -> Mailbox<R> {
    answering(|_| panic!("nobody was to ask this"))
}

/// A mailbox behind which something is wrong.
pub fn in_trouble<R: Request>(trouble: Trouble) -> Mailbox<R> {
    let gate = match trouble {
        Trouble::Full => Gate::new("probe", 0, AMPLE),
        Trouble::Late => Gate::new("probe", 16, SOON),
        Trouble::Closed | Trouble::Panic => Gate::new("probe", 16, AMPLE),
    };
    let probe = Probe::create(|context| {
        let _ = context.address();
        if trouble == Trouble::Closed {
            context.stop();
        }
        Probe(Box::new(move |_| match trouble {
            Trouble::Panic => panic!("the probe panics, as it was told to"),
            _ => Box::pin(std::future::pending()),
        }))
    });
    Mailbox::new(&probe, &gate)
}
