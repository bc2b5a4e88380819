//! Who is the emulated machine, in the words of each cloud?
//!
//! One id, one account and one region are given, and each cloud has its own idea of what these look
//! like. A cloud takes what has the right form as it is. What has not is replaced by something
//! that is made from it, always the same: a machine called `i-0abc` has a GUID as its id in
//! Azure's words, but it keeps that GUID from one start to the next.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::aws::MachineFacts;
use super::azure::AzureMachine;
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
}

impl Machine {
    /// The machine of this id, in this account and region, that is launched at this time.
    ///
    /// # Errors
    /// [`NameError`] for an id that no cloud could have.
    pub fn named(id: &str, account: &str, region: &str) -> Result<Self, NameError> {
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
        Ok(Self { aws, azure })
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
        let guid = "8D10DA13-8125-4ba9-a717-bf7490507b3d";
        let made = Machine::named("i-0abc", "123456789012", "us-east-1").unwrap();
        assert_eq!(made.aws.instance_id.as_str(), "i-0abc");
        assert_eq!(made.aws.account, "123456789012");
        assert_eq!(made.azure.vm_id.as_str().len(), 36);
        assert_eq!(made.azure.region, "useast1");
        let again = Machine::named("i-0abc", "123456789012", "us-east-1").unwrap();
        assert_eq!(again.azure.vm_id, made.azure.vm_id);

        let taken = Machine::named(guid, guid, "eastus").unwrap();
        assert_eq!(taken.azure.vm_id.as_str(), guid.to_ascii_lowercase());
        assert_eq!(taken.azure.subscription_id, guid.to_ascii_lowercase());
        assert_eq!(taken.aws.account.len(), 12);
        assert!(Machine::named("i 1", "a", "r").is_err());
    }
}
