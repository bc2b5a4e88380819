//! Whose signatures count? The trust of all providers, side by side.

use super::aws::AwsTrust;
use super::azure::AzureTrust;

/// The keys that the broker believes.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The keys of AWS's instance identity documents.
    pub aws: AwsTrust,
    /// The authorities of Azure's attested data.
    pub azure: AzureTrust,
}
