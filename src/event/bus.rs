//! Who is told? Subscribers, of facts that are on disk already.
//!
//! A slow subscriber never holds a login up: it misses events and learns how many. What must not
//! be missed is read from the audit log instead, by its `seq`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use super::kinds::AuthEvent;

/// How often it is looked whether all is heard.
const LOOK: Duration = Duration::from_millis(1);

/// Tells every subscriber what happened.
#[derive(Clone, Debug)]
pub struct Bus {
    sender: broadcast::Sender<Arc<AuthEvent>>,
}

/// One listener on the bus.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Arc<AuthEvent>>,
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An event.
    Event(Arc<AuthEvent>),
    /// The listener was too slow and missed this many.
    Missed(u64),
}

impl Bus {
    /// A bus that keeps up to `backlog` events for a slow subscriber.
    pub fn new(backlog: usize) -> Self {
        Self { sender: broadcast::Sender::new(backlog) }
    }

    /// Tells everybody.
    pub fn publish(&self, event: impl Into<Arc<AuthEvent>>) {
        // An error means that nobody listens, which is fine.
        let _ = self.sender.send(event.into());
    }

    /// Waits until every subscriber has heard all that was published.
    pub async fn all_heard(&self) {
        while !self.sender.is_empty() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription { receiver: self.sender.subscribe() }
    }
}

impl Subscription {
    /// Whether all that was published is heard.
    pub fn is_up_to_date(&self) -> bool {
        self.receiver.is_empty()
    }

    /// Waits for the next event; `None` when the bus is gone.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.receiver.recv().await {
            Ok(event) => Some(Heard::Event(event)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Heard::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds::Happening;
    use super::*;
    use chrono::DateTime;
    use futures_util::FutureExt as _;

    fn event() -> AuthEvent {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        AuthEvent::new(at, None, Happening::BrokerStarted { version: "1" })
    }

    #[actix::test]
    async fn every_subscriber_hears_every_event() {
        let bus = Bus::new(4);
        let mut listeners = [bus.subscribe(), bus.subscribe()];
        let event = event();
        bus.publish(event.clone());
        for listener in &mut listeners {
            assert_eq!(listener.next().await, Some(Heard::Event(Arc::new(event.clone()))));
        }
    }

    #[actix::test]
    async fn a_slow_subscriber_learns_what_it_missed_and_hears_the_rest() {
        let bus = Bus::new(2);
        let mut listener = bus.subscribe();
        for _ in 0..5 {
            bus.publish(event());
        }
        assert_eq!(listener.next().await, Some(Heard::Missed(3)));
        assert!(matches!(listener.next().await, Some(Heard::Event(_))));
    }

    #[actix::test]
    async fn all_is_heard_when_the_slowest_subscriber_has_heard_it() {
        let bus = Bus::new(4);
        let mut listeners = [bus.subscribe(), bus.subscribe()];
        bus.publish(event());
        let [fast, slow] = &mut listeners;
        fast.next().await;
        assert!(fast.is_up_to_date() && !slow.is_up_to_date());
        assert!(bus.all_heard().now_or_never().is_none());
        slow.next().await;
        assert!(bus.all_heard().now_or_never().is_some());
    }

    #[actix::test]
    async fn a_bus_without_listeners_takes_events_and_its_end_is_heard() {
        let bus = Bus::new(2);
        bus.publish(event());
        assert!(bus.all_heard().now_or_never().is_some());
        let mut listener = bus.subscribe();
        drop(bus);
        assert_eq!(listener.next().await, None);
    }
}
