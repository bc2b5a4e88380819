//! What does an instance identity document say, and how is it written?

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::names::InstanceId;

/// What an emulated machine says of itself.
#[derive(Clone, Debug)]
pub struct MachineFacts {
    /// The account that it runs in: 12 digits.
    pub account: String,
    /// The region that it runs in.
    pub region: String,
    /// Its id.
    pub instance_id: InstanceId,
}

impl MachineFacts {
    /// The document of this machine, launched at this time: members, order and spacing as AWS
    /// writes them since 2019, without a line break at the end.
    pub(super) fn document(&self, launched: DateTime<Utc>) -> String {
        let pending_time = launched.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let members: [(&str, Value); 15] = [
            ("accountId", self.account.as_str().into()),
            ("architecture", "x86_64".into()),
            ("availabilityZone", format!("{}a", self.region).into()),
            ("billingProducts", Value::Null),
            ("devpayProductCodes", Value::Null),
            ("marketplaceProductCodes", Value::Null),
            ("imageId", "ami-0123456789abcdef0".into()),
            ("instanceId", self.instance_id.as_str().into()),
            ("instanceType", "t3.small".into()),
            ("kernelId", Value::Null),
            ("pendingTime", pending_time.into()),
            ("privateIp", "10.0.1.10".into()),
            ("ramdiskId", Value::Null),
            ("region", self.region.as_str().into()),
            ("version", "2017-09-30".into()),
        ];
        let mut text = String::from("{");
        for (index, (name, value)) in members.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            // Writing to a String cannot fail.
            let _ = write!(text, "{comma}\n  \"{name}\" : {value}");
        }
        text.push_str("\n}");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Provider;

    #[test]
    fn a_document_is_written_as_aws_writes_it() {
        let facts = MachineFacts {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            instance_id: InstanceId::parse(Provider::Aws, "i-0abc").unwrap(),
        };
        let document = facts.document(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        assert!(document.starts_with("{\n  \"accountId\" : \"123456789012\",\n  \"arch"));
        assert!(document.contains(",\n  \"pendingTime\" : \"2027-01-15T08:00:00Z\",\n"));
        assert!(document.ends_with("\"version\" : \"2017-09-30\"\n}"));
    }
}
