//! What does an attested document say, and how is it written?

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::names::InstanceId;

/// How long a document is good for.
const LIFETIME: TimeDelta = TimeDelta::hours(6);

/// What an emulated machine says of itself.
#[derive(Clone, Debug)]
pub struct AzureMachine {
    /// The subscription that it runs in: a GUID.
    pub subscription_id: String,
    /// The region that it runs in, which no document tells: it is in the signer's name only.
    pub region: String,
    /// Its id: a GUID.
    pub vm_id: InstanceId,
    /// The domain of its cloud's metadata services, as `metadata.azure.com`.
    pub domain: String,
}

impl AzureMachine {
    /// The document of this machine: members, order and spacing as Azure writes them since 2023.
    /// Where the caller gives no nonce, the document's end is in its place.
    pub(super) fn document(&self, nonce: Option<&str>, now: DateTime<Utc>) -> String {
        let expires = now + LIFETIME;
        let time = |time: DateTime<Utc>| time.format("%m/%d/%y %H:%M:%S -0000").to_string();
        let nonce =
            nonce.map_or_else(|| expires.format("%Y%m%d-%H%M%S").to_string(), str::to_owned);
        // Members are written in the order of the alphabet, which is Azure's.
        json!({
            "licenseType": "",
            "nonce": nonce,
            "plan": { "name": "", "product": "", "publisher": "" },
            "sku": "",
            "subscriptionId": self.subscription_id,
            "timeStamp": { "createdOn": time(now), "expiresOn": time(expires) },
            "vmId": self.vm_id,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Provider;

    #[test]
    fn a_document_is_written_as_azure_writes_it() {
        let machine = AzureMachine {
            subscription_id: "8d10da13-8125-4ba9-a717-bf7490507b3d".to_owned(),
            region: "eastus".to_owned(),
            vm_id: InstanceId::parse(Provider::Azure, "02aab8a4-74ef-476e-8182-f6d2ba4166a6")
                .unwrap(),
            domain: "metadata.azure.com".to_owned(),
        };
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let expected = r#"{"licenseType":"","nonce":"20270115-140000","plan":{"name":"","product":"","publisher":""},"sku":"","subscriptionId":"8d10da13-8125-4ba9-a717-bf7490507b3d","timeStamp":{"createdOn":"01/15/27 08:00:00 -0000","expiresOn":"01/15/27 14:00:00 -0000"},"vmId":"02aab8a4-74ef-476e-8182-f6d2ba4166a6"}"#;
        assert_eq!(machine.document(None, now), expected);
        assert!(machine.document(Some("1234567890"), now).contains(r#""nonce":"1234567890""#));
    }
}
