//! What can the recorder be asked?

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::kinds::AuthEvent;
use crate::mailbox::Request;

/// Make this durable. The answer comes after the commit.
#[derive(Clone, Debug)]
pub struct Record(pub Arc<AuthEvent>);

/// Register this machine and make its first token durable, both or neither. The answer comes after
/// the commit; it is [`RecordError::AgentEnded`] where the machine was registered meanwhile.
#[derive(Clone, Debug)]
pub struct Enrol {
    /// A [`Happening::InstanceEnrolled`](super::Happening::InstanceEnrolled).
    pub enrolled: Arc<AuthEvent>,
    /// The login that it goes with.
    pub granted: Arc<AuthEvent>,
}

/// An agent says that it is there. The answer comes after the commit.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat {
    /// The agent.
    pub agent_id: Uuid,
    /// When it said so.
    pub at: DateTime<Utc>,
}

/// Would a record be taken now? The answer is a [`Receipt`] of nothing.
#[derive(Clone, Copy, Debug)]
pub struct CheckRecording;

impl Request for Record {
    type Answer = Result<Receipt, RecordError>;
}

impl Request for Enrol {
    type Answer = Result<Receipt, RecordError>;
}

impl Request for Heartbeat {
    type Answer = Result<Receipt, RecordError>;
}

impl Request for CheckRecording {
    type Answer = Result<Receipt, RecordError>;
}

/// The recorder's word that something is on disk. Only the recorder can make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    kept: bool,
}

impl Receipt {
    /// It is on disk.
    pub(super) const KEPT: Self = Self { kept: true };
    /// It was a refusal beyond the budget: counted, not kept.
    pub(super) const COUNTED: Self = Self { kept: false };

    /// Whether the record itself is on disk, and not only counted.
    pub fn is_kept(self) -> bool {
        self.kept
    }
}

/// Nothing was recorded, so nothing may be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The database refused, or is away.
    #[error("the database did not take the record: {0}")]
    Database(String),
    /// The agent was retired after it was found, or was to be enrolled and another login of its
    /// machine was first. A token on record for it would outlive it.
    #[error("the registration changed while the agent logged in")]
    AgentEnded,
    /// The challenge that the login answers was answered by another one.
    #[error("the challenge was answered before")]
    ChallengeAnswered,
}
