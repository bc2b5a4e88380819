//! How do rooms talk? One bounded, deadlined way to ask an actor, and one guarded way to answer.
//!
//! actix bounds nothing by itself: `send` ignores the mailbox capacity, `try_send` is bounded per
//! clone of the address, `do_send` never, and a panicking handler closes its mailbox for good. So
//! the bound is ours. An asker takes a [`Place`] before its request is queued; the place travels
//! with the request and comes free when the work ends, not when the asker stops waiting, so a
//! stuck neighbour cannot pile up abandoned work. Whatever goes wrong between two actors comes
//! out as [`Unavailable`].

mod line;

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message, Recipient, ResponseFuture};
use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

pub use line::Line;

/// Something that an actor can be asked, and the kind of answer it gives.
pub trait Request: Send + 'static {
    /// What comes back when the actor did its work, well or badly.
    type Answer: Send + 'static;
}

/// A request on its way: the question and its place in the queue.
pub struct Ask<R> {
    request: R,
    place: Place,
}

/// One of the places of a gate, taken until the work it was taken for has ended.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

/// The handler panicked; the panic was caught and the actor lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

impl<R: Request> Message for Ask<R> {
    type Result = Result<R::Answer, Panicked>;
}

impl<R: Request> Ask<R> {
    /// Answers with a pure function, on the actor's own thread. A panic is caught and answered.
    pub fn answer(self, work: impl FnOnce(R) -> R::Answer) -> Result<R::Answer, Panicked> {
        let Self { request, place } = self;
        let answer = catch_unwind(AssertUnwindSafe(|| work(request))).map_err(|_| Panicked);
        drop(place);
        answer
    }

    /// Answers with a future that owns all it needs, so that the actor takes the next request
    /// meanwhile. A panic is caught and answered.
    pub fn answer_later<F>(
        self,
        work: impl FnOnce(R) -> F,
    ) -> ResponseFuture<<Self as Message>::Result>
    where
        F: Future<Output = R::Answer> + 'static,
    {
        let Self { request, place } = self;
        let future = catch_unwind(AssertUnwindSafe(|| work(request)));
        Box::pin(async move {
            let answer = match future {
                Ok(future) => AssertUnwindSafe(future).catch_unwind().await.map_err(|_| Panicked),
                Err(_) => Err(Panicked),
            };
            drop(place);
            answer
        })
    }

    /// Takes the request apart, for an actor that keeps the place itself until its work has ended.
    pub fn into_parts(self) -> (R, Place) {
        (self.request, self.place)
    }
}

/// Why no answer came. Each is the caller's 503, never a verdict on what it asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Every place is taken.
    #[error("the {0} has as much to do as it may take on")]
    Full(&'static str),
    /// The actor is gone.
    #[error("the {0} has stopped")]
    Closed(&'static str),
    /// No answer within the deadline.
    #[error("the {0} did not answer in time")]
    Late(&'static str),
    /// The handler panicked over this request.
    #[error("the {0} failed over this request")]
    Panicked(&'static str),
}

/// The bound of one actor, shared by the mailboxes of all its requests.
#[derive(Clone, Debug)]
pub struct Gate {
    name: &'static str,
    places: Arc<Semaphore>,
    capacity: usize,
    deadline: Duration,
}

impl Gate {
    /// A gate for the actor of this name: at most `capacity` requests waiting or at work, each
    /// answered within `deadline` or not at all.
    pub fn new(name: &'static str, capacity: usize, deadline: Duration) -> Self {
        Self { name, places: Arc::new(Semaphore::new(capacity)), capacity, deadline }
    }

    /// The actor's name, for people.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many requests wait or are at work.
    pub fn depth(&self) -> usize {
        self.capacity.saturating_sub(self.places.available_permits())
    }

    /// Takes a place, until it is dropped.
    ///
    /// # Errors
    /// [`Unavailable::Full`].
    pub fn enter(&self) -> Result<Place, Unavailable> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(permit) => Ok(Place { _permit: permit }),
            Err(_) => Err(Unavailable::Full(self.name)),
        }
    }
}

/// The way to ask one kind of request of one actor, whoever that is: the real one, or a probe.
pub struct Mailbox<R: Request> {
    recipient: Recipient<Ask<R>>,
    gate: Gate,
}

impl<R: Request> Clone for Mailbox<R> {
    fn clone(&self) -> Self {
        Self { recipient: self.recipient.clone(), gate: self.gate.clone() }
    }
}

impl<R: Request> fmt::Debug for Mailbox<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox({})", self.gate.name)
    }
}

impl<R: Request> Mailbox<R> {
    /// The mailbox of an actor behind its gate.
    pub fn new<A>(actor: &Addr<A>, gate: &Gate) -> Self
    where
        A: Actor + Handler<Ask<R>>,
        A::Context: ToEnvelope<A, Ask<R>>,
    {
        Self { recipient: actor.clone().recipient(), gate: gate.clone() }
    }

    /// The gate in front of this mailbox.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Asks, and waits for the answer until the gate's deadline.
    ///
    /// # Errors
    /// [`Unavailable`] when the gate is full, the actor gone or late, or its handler panicked.
    #[expect(clippy::disallowed_methods, reason = "this is the place that the ban points to")]
    pub async fn ask(&self, request: R) -> Result<R::Answer, Unavailable> {
        let name = self.gate.name;
        let ask = Ask { request, place: self.gate.enter()? };
        match tokio::time::timeout(self.gate.deadline, self.recipient.send(ask)).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(Panicked))) => Err(Unavailable::Panicked(name)),
            Ok(Err(_closed)) => Err(Unavailable::Closed(name)),
            Err(_elapsed) => Err(Unavailable::Late(name)),
        }
    }
}

/// Is anybody there? Every actor answers it, for `/readyz`.
#[derive(Clone, Copy, Debug)]
pub struct Ping;

impl Request for Ping {
    type Answer = ();
}

/// Held by an actor for as long as it lives; its end is told to whoever watches.
///
/// A dead actor must end the process: a broker that is up and answers nothing is worse than one
/// that its supervisor restarts.
#[derive(Debug)]
pub struct Lifeline {
    name: &'static str,
    deaths: mpsc::UnboundedSender<&'static str>,
}

impl Lifeline {
    /// A lifeline for the actor of this name, and the end at which its death is heard.
    pub fn watch(deaths: &mpsc::UnboundedSender<&'static str>, name: &'static str) -> Self {
        Self { name, deaths: deaths.clone() }
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        // Nobody listens any more when the whole system is going down: then a death is no news.
        let _ = self.deaths.send(self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix::{AsyncContext as _, Context};
    use tokio::sync::oneshot;

    enum Do {
        Echo(u32),
        Panic,
        Hang(oneshot::Receiver<()>),
    }

    impl Request for Do {
        type Answer = u32;
    }

    struct Probe;

    impl Actor for Probe {
        type Context = Context<Self>;
    }

    impl Handler<Ask<Do>> for Probe {
        type Result = ResponseFuture<Result<u32, Panicked>>;

        fn handle(&mut self, ask: Ask<Do>, _: &mut Self::Context) -> Self::Result {
            ask.answer_later(|request| async move {
                match request {
                    Do::Echo(number) => number,
                    Do::Panic => panic!("on request"),
                    Do::Hang(until) => {
                        let _ = until.await;
                        0
                    }
                }
            })
        }
    }

    fn probe(capacity: usize, deadline: Duration) -> Mailbox<Do> {
        Mailbox::new(&Probe.start(), &Gate::new("probe", capacity, deadline))
    }

    const SOON: Duration = Duration::from_millis(20);
    const AMPLE: Duration = Duration::from_secs(20);

    #[actix::test]
    async fn an_answer_comes_back() {
        assert_eq!(probe(1, AMPLE).ask(Do::Echo(7)).await, Ok(7));
    }

    #[actix::test]
    async fn a_full_mailbox_refuses_at_once() {
        let mailbox = probe(1, AMPLE);
        let (release, until) = oneshot::channel();
        let busy = actix::spawn({
            let mailbox = mailbox.clone();
            async move { mailbox.ask(Do::Hang(until)).await }
        });
        while mailbox.gate().depth() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(mailbox.ask(Do::Echo(1)).await, Err(Unavailable::Full("probe")));
        release.send(()).unwrap();
        assert_eq!(busy.await.unwrap(), Ok(0));
        assert_eq!(mailbox.ask(Do::Echo(2)).await, Ok(2));
    }

    #[actix::test]
    async fn late_work_keeps_its_place_until_it_ends() {
        let mailbox = probe(1, SOON);
        let (release, until) = oneshot::channel();
        assert_eq!(mailbox.ask(Do::Hang(until)).await, Err(Unavailable::Late("probe")));
        assert_eq!(mailbox.ask(Do::Echo(1)).await, Err(Unavailable::Full("probe")));
        release.send(()).unwrap();
        while mailbox.gate().depth() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(mailbox.ask(Do::Echo(2)).await, Ok(2));
    }

    #[actix::test]
    async fn a_panic_is_answered_and_the_actor_lives_on() {
        let mailbox = probe(1, AMPLE);
        assert_eq!(mailbox.ask(Do::Panic).await, Err(Unavailable::Panicked("probe")));
        assert_eq!(mailbox.ask(Do::Echo(3)).await, Ok(3));
    }

    #[actix::test]
    async fn a_stopped_actor_is_closed() {
        let probe = Probe::create(|context| {
            use actix::ActorContext as _;
            let _ = context.address();
            context.stop();
            Probe
        });
        let mailbox = Mailbox::new(&probe, &Gate::new("probe", 1, AMPLE));
        assert_eq!(mailbox.ask(Do::Echo(1)).await, Err(Unavailable::Closed("probe")));
    }

    #[test]
    fn a_death_is_heard() {
        let (deaths, mut heard) = mpsc::unbounded_channel();
        drop(Lifeline::watch(&deaths, "probe"));
        assert_eq!(heard.try_recv(), Ok("probe"));
    }
}
