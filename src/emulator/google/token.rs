//! What does an instance identity token say?

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::names::InstanceId;

/// Seconds that a token is good for.
const LIFETIME: i64 = 3_600;

/// What an emulated machine says of itself.
#[derive(Clone, Debug)]
pub struct GoogleMachine {
    /// The project that it runs in, by its id.
    pub project_id: String,
    /// The zone that it runs in, as `us-east1-b`.
    pub zone: String,
    /// Its id: a number.
    pub instance_id: InstanceId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// How much a token says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Nothing of the machine: it proves a service account only.
    #[default]
    Standard,
    /// The machine.
    Full,
}

impl GoogleMachine {
    /// The claims of a token for this audience, with Google's members and no others.
    pub(super) fn claims(&self, audience: &str, detail: Detail, now: DateTime<Utc>) -> Value {
        let mut claims = match detail {
            Detail::Standard => json!({}),
            Detail::Full => json!({
                "email": "000000000000-compute@developer.gserviceaccount.example",
                "email_verified": true,
                "google": { "compute_engine": self.compute_engine() },
            }),
        };
        let common = [
            ("aud", json!(audience)),
            ("azp", json!("100000000000000000001")),
            ("exp", json!(now.timestamp() + LIFETIME)),
            ("iat", json!(now.timestamp())),
            ("iss", json!("https://accounts.google.com")),
            ("sub", json!("100000000000000000001")),
        ];
        if let Some(claims) = claims.as_object_mut() {
            claims.extend(common.map(|(name, value)| (name.to_owned(), value)));
        }
        claims
    }

    fn compute_engine(&self) -> Value {
        json!({
            "instance_creation_timestamp": self.created_at.timestamp(),
            "instance_id": self.instance_id,
            "instance_name": "emulated",
            "project_id": self.project_id,
            "project_number": 0,
            "zone": self.zone,
        })
    }
}
