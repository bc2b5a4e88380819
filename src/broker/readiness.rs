//! Would a login succeed now? Every part that one needs is asked for a sign of life.

use super::Broker;
use crate::database::Database;

/// A part and what is wrong with it, if anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What is wrong, in short; nothing a stranger could use.
    pub fault: Option<String>,
}

/// How each part is: the actors, the database, the signing keys.
pub async fn parts(broker: &Broker, database: &Database) -> Vec<Part> {
    let mut parts = Vec::with_capacity(broker.pings.len() + 2);
    for ping in &broker.pings {
        let fault = ping.ask(crate::mailbox::Ping).await.err().map(|fault| fault.to_string());
        parts.push(Part { name: ping.gate().name(), fault });
    }
    let fault = database.ping().await.err().map(|error| {
        tracing::warn!(%error, "the database gives no sign of life");
        "the database does not answer".to_owned()
    });
    parts.push(Part { name: "database", fault });
    parts.push(Part { name: "signing_keys", fault: signing_fault(broker).await });
    parts
}

async fn signing_fault(broker: &Broker) -> Option<String> {
    match broker.check_signing.ask(crate::token::CheckSigning).await {
        Ok(true) => None,
        Ok(false) => Some("the signing key makes no good signature".to_owned()),
        Err(unavailable) => Some(unavailable.to_string()),
    }
}
