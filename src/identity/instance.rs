//! What do we know of a machine once it has proven itself? Facts that its cloud signed.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::challenge::Answered;
use super::proof::ProofKind;
use crate::names::{InstanceId, Provider};

/// A machine whose cloud vouches for it. Made only inside this room, after verification. Clones share
/// what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedInstance(Arc<Known>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    account: String,
    region: String,
    instance_id: InstanceId,
    proof_kind: ProofKind,
    answered: Option<Answered>,
    facts: Facts,
}

/// What a document tells beyond who the machine is. Each cloud tells some of it; what it does not
/// tell is not known, and never guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) image_id: Option<String>,
    pub(super) instance_type: Option<String>,
    pub(super) sku: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) launched_at: Option<DateTime<Utc>>,
}

impl VerifiedInstance {
    pub(super) fn new(
        proof_kind: ProofKind,
        account: String,
        region: String,
        instance_id: InstanceId,
    ) -> Self {
        let (answered, facts) = (None, Facts::default());
        Self(Arc::new(Known { account, region, instance_id, proof_kind, answered, facts }))
    }

    /// The same machine, whose proof answers this challenge.
    pub(super) fn having_answered(mut self, answered: Option<Answered>) -> Self {
        Arc::make_mut(&mut self.0).answered = answered;
        self
    }

    /// The same machine with what else its document tells.
    pub(super) fn with_facts(mut self, facts: Facts) -> Self {
        Arc::make_mut(&mut self.0).facts = facts;
        self
    }

    /// The cloud that vouches for the machine.
    pub fn provider(&self) -> Provider {
        self.0.proof_kind.provider()
    }

    /// The account that the machine runs in.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// The region that the machine runs in.
    pub fn region(&self) -> &str {
        &self.0.region
    }

    /// The id that the cloud gave to the machine.
    pub fn instance_id(&self) -> &InstanceId {
        &self.0.instance_id
    }

    /// How the machine proved itself.
    pub fn proof_kind(&self) -> ProofKind {
        self.0.proof_kind
    }

    /// The challenge that the proof answers, if it answers one.
    pub fn answered(&self) -> Option<&Answered> {
        self.0.answered.as_ref()
    }

    /// The image that the machine was launched from: AWS tells it.
    pub fn image_id(&self) -> Option<&str> {
        self.0.facts.image_id.as_deref()
    }

    /// The type of the machine: AWS tells it.
    pub fn instance_type(&self) -> Option<&str> {
        self.0.facts.instance_type.as_deref()
    }

    /// The marketplace image's SKU: Azure tells it.
    pub fn sku(&self) -> Option<&str> {
        self.0.facts.sku.as_deref()
    }

    /// The zone that the machine runs in: Google tells it.
    pub fn zone(&self) -> Option<&str> {
        self.0.facts.zone.as_deref()
    }

    /// When the machine was launched: AWS and Google tell it.
    pub fn launched_at(&self) -> Option<DateTime<Utc>> {
        self.0.facts.launched_at
    }
}
