//! What do we know of a machine once it has proven itself? Facts that its cloud signed.

use super::proof::ProofKind;
use crate::names::{InstanceId, Provider};

/// A machine whose cloud vouches for it. Made only inside this room, after verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedInstance {
    account: String,
    region: String,
    instance_id: InstanceId,
    proof_kind: ProofKind,
}

impl VerifiedInstance {
    pub(super) fn new(
        proof_kind: ProofKind,
        account: String,
        region: String,
        instance_id: InstanceId,
    ) -> Self {
        Self { account, region, instance_id, proof_kind }
    }

    /// The cloud that vouches for the machine.
    pub fn provider(&self) -> Provider {
        self.proof_kind.provider()
    }

    /// The account that the machine runs in.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The region that the machine runs in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The id that the cloud gave to the machine.
    pub fn instance_id(&self) -> &InstanceId {
        &self.instance_id
    }

    /// How the machine proved itself.
    pub fn proof_kind(&self) -> ProofKind {
        self.proof_kind
    }
}
