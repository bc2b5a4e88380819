//! Who is the emulated machine, in the words of each cloud?
//!
//! One id, one account and one region are given, and each cloud has its own idea of what these look
//! like. A cloud takes what has the right form as it is. What has not is replaced by something
//! that is made from it, always the same: a machine called `i-0abc` has a GUID as its id in
//! Azure's words and a number in Google's, but it keeps both from one start to the next.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::aws::MachineFacts;
use super::azure::AzureMachine;
use super::google::GoogleMachine;
use crate::names::{InstanceId, NameError, Provider};

/// The domain of the cloud for everybody.
const AZURE_DOMAIN: &str = "metadata.azure.com";

/// A machine in the words of every cloud.
#[derive(Clone, Debug)]
pub struct Machine {
    /// On EC2.
    pub aws: MachineFacts,
    /// On Azure.
    pub azure: AzureMachine,
    /// On Compute Engine.
    pub google: GoogleMachine,
}

impl Machine {
    /// The machine of this id, in this account and region, that is launched at this time.
    ///
    /// # Errors
    /// [`NameError`] for an id that no cloud could have.
    pub fn named(
        id: &str,
        account: &str,
        region: &str,
        launched: DateTime<Utc>,
    ) -> Result<Self, NameError> {
        let aws = MachineFacts {
            account: aws_account(account),
            region: region.to_owned(),
            instance_id: InstanceId::parse(Provider::Aws, id)?,
        };
        let azure = AzureMachine {
            subscription_id: guid(account),
            region: region.replace('-', ""),
            vm_id: InstanceId::parse(Provider::Azure, &guid(id))?,
            domain: AZURE_DOMAIN.to_owned(),
        };
        let google = GoogleMachine {
            project_id: google_project(account),
            zone: format!("{region}-a"),
            instance_id: InstanceId::parse(Provider::Google, &google_id(id))?,
            created_at: launched,
        };
        Ok(Self { aws, azure, google })
    }
}

/// 12 digits.
fn aws_account(account: &str) -> String {
    if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
        return account.to_owned();
    }
    format!("{:012}", number_of(account) % 1_000_000_000_000)
}

/// A GUID, in lower case.
fn guid(text: &str) -> String {
    let found =
        Uuid::try_parse(text).ok().filter(|guid| guid.to_string().eq_ignore_ascii_case(text));
    let made = || {
        let digest = Sha256::digest(text);
        let bits = digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte));
        Uuid::from_u128(bits)
    };
    found.unwrap_or_else(made).to_string()
}

/// A number of up to 64 bits.
fn google_id(id: &str) -> String {
    let is_number = id.parse().is_ok_and(|number: u64| number > 0 && number.to_string() == id);
    if is_number { id.to_owned() } else { number_of(id).max(1).to_string() }
}

/// A letter, then letters, digits and hyphens.
fn google_project(account: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if account.starts_with(|c: char| c.is_ascii_lowercase()) && account.chars().all(plain) {
        return account.to_owned();
    }
    let account = account.to_ascii_lowercase();
    format!("project-{}", account.replace(|c| !plain(c), "-"))
}

/// A number that belongs to this text.
fn number_of(text: &str) -> u64 {
    let digest = Sha256::digest(text);
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_takes_what_fits_and_makes_the_rest_from_it() {
        let launched = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for (id, account, aws, google) in [
            (
                "i-0abc",
                "123456789012",
                ("i-0abc", "123456789012"),
                ("7755069760572661798", "project-123456789012"),
            ),
            ("4242", "my-project", ("4242", "419519117448"), ("4242", "my-project")),
            ("007", "X:y", ("007", "539973968004"), ("7106483370208201996", "project-x-y")),
        ] {
            let machine = Machine::named(id, account, "us-east1", launched).unwrap();
            let again = Machine::named(id, account, "us-east1", launched).unwrap();
            assert_eq!(machine.aws.instance_id.as_str(), aws.0);
            assert_eq!(machine.aws.account, aws.1);
            assert_eq!(machine.google.instance_id.as_str(), google.0);
            assert_eq!(machine.google.project_id, google.1);
            assert_eq!(machine.google.zone, "us-east1-a");
            assert_eq!(again.google.instance_id, machine.google.instance_id);
            assert_eq!(machine.azure.vm_id.as_str().len(), 36);
            assert_eq!(again.azure.vm_id, machine.azure.vm_id);
        }
        assert!(Machine::named("i 1", "a", "r", launched).is_err());
    }

    #[test]
    fn azure_takes_guids_in_lower_case_and_regions_without_hyphens() {
        let launched = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let guid = "8D10DA13-8125-4ba9-a717-bf7490507b3d";
        let taken = Machine::named(guid, guid, "us-east-1", launched).unwrap();
        assert_eq!(taken.azure.vm_id.as_str(), guid.to_ascii_lowercase());
        assert_eq!(taken.azure.subscription_id, guid.to_ascii_lowercase());
        assert_eq!(taken.azure.region, "useast1");
    }
}
