//! Does the directory find the agent that a naive reading of the rule would, and no other?

use callsign::identity::{
    AwsKind, AwsPolicy, AwsTrust, IdentityProof, Policy, Trust, VerifiedInstance, verify,
};

use crate::support::machine::{AWS, AwsMachine, REGION};
use crate::support::rows;

mod actor;
mod candidates;
mod selection;

/// A machine that is proven, without a broker.
fn verified(instance_id: &str) -> VerifiedInstance {
    let now = rows::now();
    let aws = AwsTrust::parse(&AWS.trust_toml(REGION).unwrap()).unwrap();
    let accept = [AwsKind::Rsa2048].into();
    let policy = Policy { aws: AwsPolicy { accept, ..AwsPolicy::default() }, ..Policy::default() };
    let proof = IdentityProof::aws_pkcs7(&AwsMachine::new(instance_id).pkcs7(now)).unwrap();
    verify(&proof, &Trust { aws, ..Trust::default() }, &policy, now).unwrap()
}
