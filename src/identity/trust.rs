//! Whose signatures count? The trust of all providers, side by side.

use super::aws::AwsTrust;
use super::azure::AzureTrust;
use super::challenge::Challenger;
use super::key_set::CurrentKeys;

/// The keys that the broker believes.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The keys of AWS's instance identity documents.
    pub aws: AwsTrust,
    /// The authorities of Azure's attested data.
    pub azure: AzureTrust,
    /// The keys of Google's identity tokens, which change from week to week; none where Google's
    /// machines are not let in.
    pub google: Option<CurrentKeys>,
    /// The broker's own challenges; none where it gives none.
    pub challenger: Option<Challenger>,
}
