//! What can happen? Every fact that callsign records or tells, in ids and words only.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::enrolment::Enrolment;
use super::store::AsOf;
use crate::names::{Provider, new_id};

/// Something that happened, when, and on whose request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthEvent {
    /// The event's own id, a UUIDv7 of `at`.
    pub id: Uuid,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The HTTP request that led to it, if one did.
    pub request_id: Option<String>,
    /// What happened.
    pub what: Happening,
}

impl AuthEvent {
    /// A happening of this moment.
    pub fn new(at: DateTime<Utc>, request_id: Option<String>, what: Happening) -> Self {
        Self { id: new_id(at), at, request_id, what }
    }
}

/// What happened. Its JSON form is the body of the audit row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Happening {
    /// The broker began to serve.
    BrokerStarted {
        /// Its version.
        version: &'static str,
    },
    /// An agent was given a token.
    LoginGranted(LoginGranted),
    /// A root agent was given a token for one of its sub-agents.
    TokenDelegated(Box<TokenDelegated>),
    /// A login was refused.
    LoginRefused(LoginRefused),
    /// Somebody asked which agent a login would be of; nobody was given a token.
    LoginDryRun(LoginDryRun),
    /// A resource was made or changed to equal what was declared.
    ResourceConverged(ResourceConverged),
    /// A resource was retired, with its agents and their tokens.
    ResourceRetired(ResourceRetired),
    /// A rule registered a machine, at its first login.
    InstanceEnrolled(Enrolment),
    /// What was over for long enough was removed.
    RetentionRan(RetentionRan),
}

impl Happening {
    /// The word for this kind in the audit log and in logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Happening::BrokerStarted { .. } => "broker-started",
            Happening::LoginGranted(_) => "login-granted",
            Happening::TokenDelegated(_) => "token-delegated",
            Happening::LoginRefused(_) => "login-refused",
            Happening::LoginDryRun(_) => "login-dry-run",
            Happening::ResourceConverged(_) => "resource-converged",
            Happening::ResourceRetired(_) => "resource-retired",
            Happening::InstanceEnrolled(_) => "instance-enrolled",
            Happening::RetentionRan(_) => "retention-ran",
        }
    }

    /// The resource that this is about.
    pub const fn resource_id(&self) -> Option<Uuid> {
        match self {
            Happening::LoginGranted(granted) => Some(granted.resource_id),
            Happening::TokenDelegated(delegated) => Some(delegated.token.resource_id),
            Happening::LoginDryRun(dry_run) => dry_run.resource_id,
            Happening::ResourceConverged(converged) => Some(converged.resource_id),
            Happening::ResourceRetired(retired) => Some(retired.resource_id),
            Happening::InstanceEnrolled(enrolment) => Some(enrolment.resource_id),
            Happening::BrokerStarted { .. }
            | Happening::LoginRefused(_)
            | Happening::RetentionRan(_) => None,
        }
    }

    /// The agent that this is about.
    pub const fn agent_id(&self) -> Option<Uuid> {
        match self {
            Happening::LoginGranted(granted) => Some(granted.agent_id),
            Happening::TokenDelegated(delegated) => Some(delegated.token.agent_id),
            Happening::LoginDryRun(dry_run) => dry_run.agent_id,
            _ => None,
        }
    }

    /// The token that this is the record of.
    pub const fn token(&self) -> Option<&LoginGranted> {
        match self {
            Happening::LoginGranted(granted) => Some(granted),
            Happening::TokenDelegated(delegated) => Some(&delegated.token),
            _ => None,
        }
    }
}

/// An agent was given a token. Recording this is recording the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoginGranted {
    /// The token's `jti`.
    pub token_id: Uuid,
    /// The `kid` that signed it.
    pub key_id: String,
    /// When it was issued, to the second.
    pub issued_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// What the machine proved itself with, as in `amr`.
    pub proof_kind: &'static str,
    /// The challenge that the proof answered, if it answered one; no other login's can any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<AnsweredChallenge>,
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: String,
    /// The machine's registration.
    pub resource_id: Uuid,
    /// The agent.
    pub agent_id: Uuid,
    /// Its name.
    pub agent_name: String,
    /// The state of the registrations that it was found live in.
    #[serde(skip)]
    pub found_as_of: AsOf,
}

/// A challenge that a proof answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnsweredChallenge {
    /// Its ten digits.
    pub nonce: String,
    /// Until when it is on record, so that it is not answered again.
    #[serde(skip)]
    pub expires_at: DateTime<Utc>,
}

/// A root agent was given a token for one of its sub-agents. Recording this is recording the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenDelegated {
    /// The sub-agent's token; the proof is that of the root agent's login.
    #[serde(flatten)]
    pub token: LoginGranted,
    /// The root agent.
    pub parent_id: Uuid,
    /// The `jti` of the root agent's token that asked for it.
    pub parent_token_id: Uuid,
}

/// A login was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoginRefused {
    /// The cloud that the caller claimed.
    pub provider: Provider,
    /// What it sent, as in `amr`.
    pub proof_kind: &'static str,
    /// The error code that was answered, as `agent-ambiguous`.
    pub code: &'static str,
    /// Why, for the operator; never told to a caller who proved nothing.
    pub cause: String,
    /// The machine, where it was proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The agent name that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// Whether it was a dry run, so that nobody would have been logged in anyway.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// A login that nobody was logged in by: what it would have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoginDryRun {
    /// What the machine proved itself with, as in `amr`.
    pub proof_kind: &'static str,
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: String,
    /// The machine's registration, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<Uuid>,
    /// The agent, where it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<Uuid>,
    /// The agent's name.
    pub agent_name: String,
    /// The rule that would have registered the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// A resource was made or changed to equal what was declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceConverged {
    /// The registration.
    pub resource_id: Uuid,
    /// The registration of another generation that it replaces, retired in the same transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Uuid>,
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: String,
    /// Whether the registration is new.
    pub created: bool,
    /// The names of the agents that were added.
    pub agents_added: Vec<String>,
    /// The names of the agents that were retired.
    pub agents_retired: Vec<String>,
    /// The properties of the resource itself that changed.
    pub properties_changed: Vec<&'static str>,
    /// Who did it: `file`, or `operator:` and a name.
    pub by: String,
}

/// A resource was retired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceRetired {
    /// The registration.
    pub resource_id: Uuid,
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: String,
    /// Who did it: `file`, or `operator:` and a name.
    pub by: String,
}

/// What was over for long enough was removed, in one run over all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetentionRan {
    /// Rows that were removed, by kind.
    pub removed: BTreeMap<String, u64>,
    /// The time that the run went by: where the clock jumped ahead, earlier than it says.
    pub as_of: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_names_its_kind_as_the_column_does() {
        let id = Uuid::nil();
        let retired = ResourceRetired {
            resource_id: id,
            provider: Provider::Aws,
            instance_id: "i".into(),
            by: "file".into(),
        };
        for what in [Happening::BrokerStarted { version: "1" }, Happening::ResourceRetired(retired)]
        {
            let body = serde_json::to_value(&what).unwrap();
            assert_eq!(body["kind"], what.kind());
        }
    }
}
