//! The whole service: verify, find the agent, mint, record, publish.
//!
//! Each step takes the value that only the step before it can make, so none can be skipped: a
//! proof becomes a verified instance, that an agent, that a minted token, that a granted login.
//! What is not recorded is not answered.

use std::sync::Arc;
use std::time::Instant;

use super::Broker;
use super::error::{BrokerError, Denied, Failed, LoginError};
use super::limits::TooMany;
use crate::directory::{Agent, FindAgent};
use crate::event::{AuthEvent, Enrol, Happening, LoginRefused, Receipt, Record, RecordError};
use crate::identity::{IdentityProof, VerifiedInstance, VerifyIdentity};
use crate::mailbox::{Mailbox, Request, Unavailable};
use crate::metrics::DRY_RUN_REFUSED;
use crate::names::{MAX_NAME_LENGTH, Provider};
use crate::token::{MintToken, MintedToken};

/// A login, as it came in.
#[derive(Debug)]
pub struct LoginRequest {
    /// The request it came with.
    pub request_id: String,
    /// What the caller claims, unverified.
    pub proof: IdentityProof,
    /// The agent that it asks for.
    pub agent_name: Option<String>,
}

/// A token that is on record: the only one that may leave the broker.
#[derive(Debug)]
pub struct GrantedLogin {
    token: MintedToken,
}

impl GrantedLogin {
    fn new(token: MintedToken, _on_record: Receipt) -> Self {
        Self { token }
    }

    /// The token and what it stands for.
    pub fn token(&self) -> &MintedToken {
        &self.token
    }
}

/// Logs an agent in. Whatever the outcome, it is on record (a refusal within the budget of
/// refusals) before it is answered; only what a machine asks beyond its limit is counted and no
/// more, because a storm must cost little.
///
/// # Errors
/// [`LoginError`]: denied, or failed for a reason of ours.
pub async fn authenticate(
    broker: &Broker,
    login: LoginRequest,
) -> Result<GrantedLogin, LoginError> {
    let _place = broker.entrance.enter()?;
    let attempt = Attempt::of(&login);
    let outcome = grant(broker, login).await;
    conclude(broker, attempt, outcome).await
}

/// What was denied is recorded and told, what failed is counted.
pub(super) async fn conclude<T>(
    broker: &Broker,
    attempt: Attempt,
    outcome: Result<T, LoginError>,
) -> Result<T, LoginError> {
    let (provider, proof_kind) = (attempt.provider, attempt.proof_kind);
    let outcome = match outcome {
        Err(BrokerError::Denied(Denied::Limited(too_many))) => {
            Err(limit(broker, &attempt, too_many))
        }
        Err(BrokerError::Denied(denied)) => Err(refuse(broker, attempt, denied).await),
        outcome => outcome,
    };
    if let Err(BrokerError::Failed(_)) = &outcome {
        broker.metrics.login(provider, proof_kind, "unavailable");
    }
    outcome
}

async fn grant(broker: &Broker, login: LoginRequest) -> Result<GrantedLogin, LoginError> {
    let proven = prove(broker, login).await?;
    match hand_out(broker, proven.clone()).await {
        // Retired between the look and the record, or enrolled by another login of the machine:
        // what is registered now decides.
        Err(BrokerError::Failed(Failed::Record(RecordError::AgentEnded))) => {
            hand_out(broker, proven).await
        }
        outcome => outcome,
    }
}

/// A login whose machine is proven.
#[derive(Clone)]
pub(super) struct Proven {
    pub(super) request_id: String,
    instance: VerifiedInstance,
    agent_name: Option<String>,
}

pub(super) async fn prove(broker: &Broker, login: LoginRequest) -> Result<Proven, LoginError> {
    let LoginRequest { request_id, proof, agent_name } = login;

    let proof = proof.for_agent(agent_name.as_deref());
    let instance = ask(broker, "verify", &broker.verify, VerifyIdentity { proof }).await??;

    broker.limits.admit(&instance).map_err(|error| BrokerError::Denied(error.into()))?;

    Ok(Proven { request_id, instance, agent_name })
}

pub(super) async fn find(broker: &Broker, proven: Proven) -> Result<Agent, LoginError> {
    let Proven { instance, agent_name, .. } = proven;
    let instance_id = instance.instance_id().clone();
    let name = agent_name.clone();
    let found = ask(broker, "find", &broker.find, FindAgent { instance, name }).await??;
    found.map_err(|reason| BrokerError::Denied(Denied::Agent { instance_id, agent_name, reason }))
}

async fn hand_out(broker: &Broker, proven: Proven) -> Result<GrantedLogin, LoginError> {
    let request_id = proven.request_id.clone();

    let agent = find(broker, proven).await?;

    let token = ask(broker, "mint", &broker.mint, MintToken { agent }).await??;

    let receipt = record(broker, &token, request_id).await?;
    Ok(GrantedLogin::new(token, receipt))
}

/// Writes the token down, and tells. A machine that a rule enrols is registered with it.
async fn record(
    broker: &Broker,
    token: &MintedToken,
    request_id: String,
) -> Result<Receipt, LoginError> {
    let event = |what| Arc::new(AuthEvent::new(broker.clock.now(), Some(request_id.clone()), what));
    let granted = event(Happening::LoginGranted(token.record().clone()));
    let enrolment = token.agent().enrolment().cloned();
    let receipt = match enrolment.map(|enrolment| event(Happening::InstanceEnrolled(enrolment))) {
        None => ask(broker, "record", &broker.record, Record(granted.clone())).await?,
        Some(enrolled) => {
            let enrol = Enrol { enrolled: enrolled.clone(), granted: granted.clone() };
            let receipt = ask(broker, "record", &broker.enrol, enrol).await?;
            receipt.inspect(|_| broker.bus.publish(enrolled))
        }
    };
    let receipt = receipt.map_err(|error| not_recorded(error, token))?;
    broker.bus.publish(granted);
    Ok(receipt)
}

/// That its challenge was answered before is the one reason that is about the caller.
fn not_recorded(error: RecordError, token: &MintedToken) -> LoginError {
    match error {
        RecordError::ChallengeAnswered => {
            let instance_id = token.agent().instance().instance_id().clone();
            BrokerError::Denied(Denied::Replayed { instance_id })
        }
        error => error.into(),
    }
}

fn limit(broker: &Broker, attempt: &Attempt, too_many: TooMany) -> LoginError {
    let denied = Denied::Limited(too_many);
    broker.metrics.login(attempt.provider, attempt.proof_kind, attempt.outcome(&denied));
    BrokerError::Denied(denied)
}

async fn refuse(broker: &Broker, attempt: Attempt, denied: Denied) -> LoginError {
    let event = Arc::new(attempt.refused(broker, &denied));
    match ask(broker, "record", &broker.record, Record(event.clone())).await {
        Ok(Ok(_counted_or_kept)) => {
            broker.bus.publish(event);
            BrokerError::Denied(denied)
        }
        Ok(Err(error)) => error.into(),
        Err(unavailable) => unavailable.into(),
    }
}

/// Asks a room, and takes the time of it.
pub(super) async fn ask<R: Request>(
    broker: &Broker,
    stage: &'static str,
    mailbox: &Mailbox<R>,
    request: R,
) -> Result<R::Answer, Unavailable> {
    let begun = Instant::now();
    let answer = mailbox.ask(request).await;
    broker.metrics.stage(stage, begun.elapsed());
    answer
}

/// What a refusal's record needs of a login that the flow has consumed.
pub(super) struct Attempt {
    request_id: String,
    provider: Provider,
    proof_kind: &'static str,
    agent_name: Option<String>,
    dry_run: bool,
}

impl Attempt {
    pub(super) fn of(login: &LoginRequest) -> Self {
        // A name can be as long as a request, but no agent has a longer one than this.
        let bounded = |name: &String| name.chars().take(MAX_NAME_LENGTH).collect();
        Self {
            request_id: login.request_id.clone(),
            provider: login.proof.provider(),
            proof_kind: login.proof.kind().as_str(),
            agent_name: login.agent_name.as_ref().map(bounded),
            dry_run: false,
        }
    }

    /// The same where nobody is to be logged in.
    pub(super) fn for_dry_run(self) -> Self {
        Self { dry_run: true, ..self }
    }

    /// What this denial is counted as.
    fn outcome(&self, denied: &Denied) -> &'static str {
        if self.dry_run { DRY_RUN_REFUSED } else { denied.code() }
    }

    fn refused(self, broker: &Broker, denied: &Denied) -> AuthEvent {
        let refused = LoginRefused {
            provider: self.provider,
            proof_kind: self.proof_kind,
            code: denied.code(),
            cause: denied.to_string(),
            instance_id: denied.instance_id().map(|id| id.as_str().to_owned()),
            agent_name: self.agent_name,
            dry_run: self.dry_run,
        };
        let what = Happening::LoginRefused(refused);
        AuthEvent::new(broker.clock.now(), Some(self.request_id), what)
    }
}
