//! What do the actors go by? The configuration in the words of the rooms, which do not know it.

use crate::config;
use crate::duration::delta;
use crate::identity::{AwsKind, AwsPolicy, AzureCloud, AzurePolicy, Demand, GooglePolicy, Policy};
use crate::token::TokenSettings;

/// Which proofs count, and from which machines.
pub(super) fn policy(identity: &config::Identity) -> Policy {
    let kind = |kind: &config::AwsKind| match kind {
        config::AwsKind::Rsa2048 => AwsKind::Rsa2048,
        config::AwsKind::Rsa1024 => AwsKind::Rsa1024,
    };
    let demand = |demand| match demand {
        config::Demand::Optional => Demand::Optional,
        config::Demand::Required => Demand::Required,
    };
    let cloud = |cloud: &config::AzureCloud| match cloud {
        config::AzureCloud::Public => AzureCloud::Public,
        config::AzureCloud::UsGovernment => AzureCloud::UsGovernment,
        config::AzureCloud::China => AzureCloud::China,
    };
    Policy {
        leeway: delta(identity.clock_leeway),
        aws: AwsPolicy {
            accept: identity.aws.accept.iter().map(kind).collect(),
            accounts: identity.aws.accounts.iter().cloned().collect(),
            regions: identity.aws.regions.iter().cloned().collect(),
        },
        azure: AzurePolicy {
            clouds: identity.azure.clouds.iter().map(cloud).collect(),
            subscriptions: identity.azure.subscriptions.iter().cloned().collect(),
            nonce: demand(identity.azure.nonce),
        },
        google: GooglePolicy {
            audiences: identity.google.audiences.iter().cloned().collect(),
            projects: identity.google.projects.iter().cloned().collect(),
            audience: demand(identity.google.audience),
        },
    }
}

/// What every token has in common.
pub(super) fn of_tokens(token: &config::Token) -> TokenSettings {
    TokenSettings {
        issuer: token.issuer.clone(),
        audience: token.audience.clone(),
        lifetime: delta(token.lifetime),
    }
}
