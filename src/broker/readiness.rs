//! Would a login succeed now? Every part that one needs is asked for a sign of life.

use std::time::Duration;

use super::Broker;
use crate::database::Database;
use crate::event::CheckRecording;
use crate::identity::KeySetHealth;

/// How long the database may take for a sign of life: one that hangs must be told, not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// A part and what is wrong with it, if anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What is wrong, in short; nothing a stranger could use.
    pub fault: Option<String>,
    /// What is not as it should be, although logins would succeed, or those of other providers.
    pub concern: Option<String>,
}

/// How each part is: the actors, the database, the signing keys, Google's keys.
pub async fn parts(broker: &Broker, database: &Database) -> Vec<Part> {
    let mut parts = Vec::with_capacity(broker.pings.len() + 3);
    for ping in &broker.pings {
        let fault = ping.ask(crate::mailbox::Ping).await.err().map(|fault| fault.to_string());
        parts.push(Part { name: ping.gate().name(), fault, concern: None });
    }
    let fault = database_fault(broker, database).await;
    parts.push(Part { name: "database", fault, concern: None });
    let fault = signing_fault(broker).await;
    parts.push(Part { name: "signing_keys", fault, concern: None });
    if let Some(keys) = &broker.trust.google {
        let concern = concern(keys.health(broker.clock.now()));
        parts.push(Part { name: "google_keys", fault: None, concern });
    }
    parts
}

/// Keys that are old still check what they check, and the other clouds' machines need none: no
/// reason to take a broker out of service.
fn concern(health: KeySetHealth) -> Option<String> {
    match health {
        KeySetHealth::Good(_) => None,
        KeySetHealth::Missing => Some("no key set has come in yet".to_owned()),
        KeySetHealth::Old(age) => {
            Some(format!("the key set came in {} minutes ago and is used on", age.num_minutes()))
        }
    }
}

async fn database_fault(broker: &Broker, database: &Database) -> Option<String> {
    let (error, told) = match tokio::time::timeout(PATIENCE, database.ping()).await {
        Ok(Ok(())) => (recording_fault(broker).await?, "the database takes no records"),
        Ok(Err(error)) => (error.to_string(), "the database does not answer"),
        Err(elapsed) => (elapsed.to_string(), "the database does not answer"),
    };
    tracing::warn!(error, "{told}");
    Some(told.to_owned())
}

async fn recording_fault(broker: &Broker) -> Option<String> {
    match broker.check_recording.ask(CheckRecording).await {
        Ok(Ok(_would_be_taken)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(unavailable) => Some(unavailable.to_string()),
    }
}

async fn signing_fault(broker: &Broker) -> Option<String> {
    match broker.check_signing.ask(crate::token::CheckSigning).await {
        Ok(true) => None,
        Ok(false) => Some("the signing key makes no good signature".to_owned()),
        Err(unavailable) => Some(unavailable.to_string()),
    }
}
