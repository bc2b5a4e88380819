//! What does the operator allow, beyond what is genuine?

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::challenge::Demand;
use super::error::VerifyError;
use super::instance::VerifiedInstance;
use super::proof::AwsKind;

/// What the operator allows, for all providers.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// How far a cloud's clock may be ahead of the broker's.
    pub leeway: TimeDelta,
    /// What is allowed of AWS.
    pub aws: AwsPolicy,
    /// What is allowed of Azure.
    pub azure: AzurePolicy,
    /// What is allowed of Google.
    pub google: GooglePolicy,
}

/// What the operator allows of AWS.
#[derive(Clone, Debug, Default)]
pub struct AwsPolicy {
    /// The kinds of document that count. None listed: none counts.
    pub accept: BTreeSet<AwsKind>,
    /// The accounts whose machines may log in. None listed: all of them.
    pub accounts: BTreeSet<String>,
    /// The regions whose machines may log in. None listed: all of them.
    pub regions: BTreeSet<String>,
}

impl AwsPolicy {
    /// Asks the allow-lists about a machine that has proven itself.
    ///
    /// # Errors
    /// [`VerifyError::NotAllowed`] for an account or region that is not on its list.
    pub(super) fn check_allowed(&self, instance: &VerifiedInstance) -> Result<(), VerifyError> {
        check_listed("account", &self.accounts, instance.account())?;
        check_listed("region", &self.regions, instance.region())
    }
}

/// What the operator allows of Azure.
#[derive(Clone, Debug, Default)]
pub struct AzurePolicy {
    /// The clouds whose documents count. None listed: none counts.
    pub clouds: BTreeSet<AzureCloud>,
    /// The subscriptions whose machines may log in, GUIDs in lower case. None listed: all of them.
    pub subscriptions: BTreeSet<String>,
    /// Whether a document's nonce has to answer a challenge.
    pub nonce: Demand,
}

/// One of Azure's clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AzureCloud {
    /// For everybody.
    Public,
    /// For the government of the United States.
    UsGovernment,
    /// In China, run by 21Vianet.
    China,
}

impl AzureCloud {
    /// The domain that the cloud's metadata services have their certificates for.
    pub const fn domain(self) -> &'static str {
        match self {
            AzureCloud::Public => "metadata.azure.com",
            AzureCloud::UsGovernment => "metadata.azure.us",
            AzureCloud::China => "metadata.azure.cn",
        }
    }
}

impl AzurePolicy {
    /// Asks the allow-list about a machine that has proven itself.
    ///
    /// # Errors
    /// [`VerifyError::NotAllowed`] for a subscription that is not on the list.
    pub(super) fn check_allowed(&self, instance: &VerifiedInstance) -> Result<(), VerifyError> {
        check_listed("subscription", &self.subscriptions, instance.account())
    }
}

/// What the operator allows of Google.
#[derive(Clone, Debug, Default)]
pub struct GooglePolicy {
    /// The audiences that a token may be for. None listed: no token counts.
    pub audiences: BTreeSet<String>,
    /// The projects whose machines may log in. None listed: all of them.
    pub projects: BTreeSet<String>,
    /// Whether a token's audience has to answer a challenge.
    pub audience: Demand,
}

impl GooglePolicy {
    /// Asks the allow-list about a machine that has proven itself.
    ///
    /// # Errors
    /// [`VerifyError::NotAllowed`] for a project that is not on the list.
    pub(super) fn check_allowed(&self, instance: &VerifiedInstance) -> Result<(), VerifyError> {
        check_listed("project", &self.projects, instance.account())
    }
}

fn check_listed(
    what: &'static str,
    list: &BTreeSet<String>,
    value: &str,
) -> Result<(), VerifyError> {
    if list.is_empty() || list.contains(value) {
        return Ok(());
    }
    Err(VerifyError::NotAllowed { what, value: value.to_owned() })
}
