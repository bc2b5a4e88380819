//! Which agent would a login be of? The same steps in the same order, up to the agent.
//!
//! Nothing is minted, no machine registered and no challenge used up: whether one was answered before
//! is seen when a token is recorded, which does not happen here. That it was asked is on record all
//! the same before it is answered, and it counts as a login where logins are limited: else it would
//! be a way to ask without a trace and without end.

use std::sync::Arc;

use super::Broker;
use super::authenticate::{Attempt, LoginRequest, ask, conclude, find, prove};
use super::error::LoginError;
use crate::directory::Agent;
use crate::event::{AuthEvent, Happening, LoginDryRun, Receipt, Record};

/// What a login would have been, now that it is on record that somebody asked.
#[derive(Debug)]
pub struct DryRun {
    agent: Agent,
}

impl DryRun {
    fn new(agent: Agent, _on_record: Receipt) -> Self {
        Self { agent }
    }

    /// The agent that a login would have been of.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }
}

/// Decides as a login would be decided, and logs nobody in. A refusal is that of a login, marked on
/// record and counted apart.
///
/// # Errors
/// [`LoginError`]: denied, or failed for a reason of ours.
pub async fn dry_run(broker: &Broker, login: LoginRequest) -> Result<DryRun, LoginError> {
    let _place = broker.entrance.enter()?;
    let attempt = Attempt::of(&login).for_dry_run();
    let outcome = look(broker, login).await;
    conclude(broker, attempt, outcome).await
}

async fn look(broker: &Broker, login: LoginRequest) -> Result<DryRun, LoginError> {
    let proven = prove(broker, login).await?;
    let request_id = proven.request_id.clone();

    let agent = find(broker, proven).await?;

    let happening = Happening::LoginDryRun(record_of(&agent));
    let event = Arc::new(AuthEvent::new(broker.clock.now(), Some(request_id), happening));
    let receipt = ask(broker, "record", &broker.record, Record(event.clone())).await??;

    broker.bus.publish(event);
    Ok(DryRun::new(agent, receipt))
}

/// What goes on record. The ids of a machine that a rule would register are of nothing that is.
fn record_of(agent: &Agent) -> LoginDryRun {
    let (instance, enrolment) = (agent.instance(), agent.enrolment());
    let is_registered = enrolment.is_none();
    LoginDryRun {
        proof_kind: instance.proof_kind().as_str(),
        provider: instance.provider(),
        instance_id: instance.instance_id().as_str().to_owned(),
        resource_id: is_registered.then(|| agent.resource_id()),
        agent_id: is_registered.then(|| agent.id()),
        agent_name: agent.name().to_owned(),
        rule: enrolment.map(|enrolment| enrolment.rule.clone()),
    }
}
