//! The one map from what the broker says to what callers are told.
//!
//! A caller that proved nothing gets one text for every cause; the cause is in the log and the
//! audit trail, under the request's id.

use actix_web::http::StatusCode;

use super::problem::Problem;
use crate::broker::delegate::NotDelegated;
use crate::broker::error::{
    BrokerError, ChangeError, CheckError, DelegateError, Denied, Failed, LoginError,
};
use crate::broker::limits::TooMany;
use crate::directory::{ChangeRefused, Refused};
use crate::identity::{ProofError, VerifyError};
use crate::names::{InstanceId, MAX_NAME_LENGTH, Provider};
use crate::registration::{DeclarationError, Origin};
use crate::token::TokenRefused;

/// When a caller should try again after a failure of ours, in seconds.
const RETRY_AFTER: u32 = 2;

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            BrokerError::Denied(Denied::Identity(error)) => error.into(),
            BrokerError::Denied(Denied::Replayed { .. }) => not_accepted(),
            BrokerError::Denied(Denied::Limited(too_many)) => too_many.into(),
            BrokerError::Denied(Denied::Agent { instance_id, agent_name, reason }) => {
                no_agent(&instance_id, agent_name, reason)
            }
            BrokerError::Failed(failed) => failed.into(),
        }
    }
}

impl From<CheckError> for Problem {
    fn from(error: CheckError) -> Self {
        match error {
            BrokerError::Denied(refused) => refused.into(),
            BrokerError::Failed(failed) => failed.into(),
        }
    }
}

impl From<DelegateError> for Problem {
    fn from(error: DelegateError) -> Self {
        match error {
            BrokerError::Denied(NotDelegated::Session(refused)) => refused.into(),
            BrokerError::Denied(NotDelegated::NotRoot) => not_root(),
            BrokerError::Denied(NotDelegated::Limited(too_many)) => too_many.into(),
            BrokerError::Denied(NotDelegated::Unknown { name, agents }) => {
                no_sub_agent(name, agents)
            }
            BrokerError::Failed(failed) => failed.into(),
        }
    }
}

impl From<DeclarationError> for Problem {
    fn from(DeclarationError { field, reason }: DeclarationError) -> Self {
        Problem::malformed(format!("The member {field}: {reason}.")).blaming(&field)
    }
}

/// A registration that stays as it is.
pub(super) fn not_changed(instance_id: &InstanceId, error: ChangeError) -> Problem {
    match error {
        BrokerError::Denied(ChangeRefused::NotRegistered) => not_registered(instance_id),
        BrokerError::Denied(ChangeRefused::Owned(owner)) => owned(instance_id, owner),
        BrokerError::Failed(failed) => failed.into(),
    }
}

/// Nothing live is registered for this machine.
pub(super) fn not_registered(instance_id: &InstanceId) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "instance-unknown",
        "The machine is not registered",
        format!("Nothing live is registered for {instance_id}. GET /v1/resources lists what is."),
    )
    .with(|body| body.instance_id = Some(instance_id.as_str().to_owned()))
}

fn owned(instance_id: &InstanceId, owner: Origin) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        &format!("owned-by-{owner}"),
        "The registration is somebody else's to change",
        format!(
            "{instance_id} is registered by a [[resource]] of the broker's configuration: change \
             it there and send the broker SIGHUP."
        ),
    )
    .with(|body| body.instance_id = Some(instance_id.as_str().to_owned()))
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        busy().because(failed)
    }
}

/// The broker has more to do than it can, and says so to its operator itself.
pub(super) fn busy() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "The broker cannot answer now",
        "Nothing was decided about your request. Try again after the time that Retry-After gives; \
         if it stays, tell the broker's operator the request_id.",
    )
    .retry_after(RETRY_AFTER)
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Malformed(error) => error.into(),
            VerifyError::Rejected(_) => not_accepted(),
            VerifyError::NotAllowed { what, .. } => Problem::new(
                StatusCode::FORBIDDEN,
                "not-allowed",
                "The machine is genuine, but not on this broker's list",
                format!("This broker admits listed {what}s only. Ask its operator to add yours."),
            ),
            VerifyError::KeysMissing(provider) => Failed::KeysMissing(provider).into(),
        }
    }
}

/// One text for all causes.
fn not_accepted() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "identity-rejected",
        "The proof of identity was not accepted",
        "Read the document from the metadata service anew, for a challenge of POST /v1/challenge \
         where the broker asks for one, and send it unchanged. If that does not help, the \
         broker's log tells the reason under the request_id.",
    )
}

impl From<TooMany> for Problem {
    fn from(TooMany { wait }: TooMany) -> Self {
        // Whole seconds (RFC 9110 section 10.2.3), and never less than the wait.
        let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            "This machine logs in too often",
            "Nothing was decided about your request. A token is good until it expires: keep it, and \
             log in again at two thirds of its life. Look for a program that starts over and over.",
        )
        .retry_after(seconds)
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        let field = error.field();
        Problem::malformed(format!("The member {field}: {}.", error.reason())).blaming(field)
    }
}

impl From<TokenRefused> for Problem {
    fn from(refused: TokenRefused) -> Self {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "token-rejected",
            "The session token was not accepted",
            "It expired, was revoked, or is not of this broker. Log in again.",
        )
        .challenge(r#"Bearer realm="callsign", error="invalid_token""#)
        .because(refused)
    }
}

/// The provider is switched off, or this broker does not speak it.
pub(super) fn not_enabled(provider: Provider) -> Problem {
    let title = "This provider is not enabled here";
    let detail = format!(
        "This broker does not take logins from {provider}. Its operator can enable the provider \
         with [identity.{provider}] enabled."
    );
    Problem::new(StatusCode::NOT_FOUND, "not-enabled", title, detail)
}

fn no_agent(instance_id: &InstanceId, agent_name: Option<String>, reason: Refused) -> Problem {
    let instance = |body: &mut crate::wire::Problem| {
        body.instance_id = Some(instance_id.as_str().to_owned());
    };
    match reason {
        Refused::InstanceUnknown => Problem::new(
            StatusCode::NOT_FOUND,
            "instance-unknown",
            "The machine is not registered",
            format!("Register {instance_id} with this broker, or wait until it is."),
        )
        .with(instance),
        Refused::InstanceRetired => Problem::new(
            StatusCode::GONE,
            "instance-retired",
            "The machine's registration has ended",
            format!("Register {instance_id} anew if it is in use again."),
        )
        .with(instance),
        Refused::AgentUnknown { agents } => Problem::new(
            StatusCode::NOT_FOUND,
            "agent-unknown",
            "The machine has no such agent",
            advice(&agents),
        )
        .with(instance)
        .with(|body| {
            body.agent_name = agent_name;
            body.agents = Some(agents);
        }),
        Refused::AgentAmbiguous { agents } => Problem::new(
            StatusCode::CONFLICT,
            "agent-ambiguous",
            "Several agents share this machine",
            advice(&agents),
        )
        .with(instance)
        .with(|body| body.agents = Some(agents)),
    }
}

/// The token is a sub-agent's.
fn not_root() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not-a-root-agent",
        "Only root agents have sub-agents",
        "Ask with the token of the root agent: a sub-agent's token cannot make others.",
    )
}

fn no_sub_agent(name: String, agents: Vec<String>) -> Problem {
    let detail = match agents.is_empty() {
        true => "This agent has no sub-agent: register one, with this agent as its parent.".into(),
        false => format!("The sub-agents of this agent are: {}.", agents.join(", ")),
    };
    Problem::new(StatusCode::NOT_FOUND, "agent-unknown", "The machine has no such agent", detail)
        .with(|body| {
            body.agent_name = Some(name.chars().take(MAX_NAME_LENGTH).collect());
            body.agents = Some(agents);
        })
}

fn advice(agents: &[String]) -> String {
    if agents.is_empty() {
        return "No agent is registered on this machine: register one.".to_owned();
    }
    format!("Set the agent name to one of: {}.", agents.join(", "))
}
