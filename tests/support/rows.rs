//! Rows as they lie in the database, written without the broker, and an event that becomes one.

use callsign::event::{Happening, LoginRefused};
use callsign::names::{Provider, new_id};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{agent, issued_token, resource, signing_key};
use sea_orm::ActiveValue::Set;
use uuid::Uuid;

/// When all rows are made.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// A registration of an EC2 instance for any account.
pub fn resource(instance_id: &str, retired_at: Option<DateTime<Utc>>) -> resource::ActiveModel {
    resource::ActiveModel {
        id: Set(new_id(now())),
        provider: Set("aws".to_owned()),
        instance_id: Set(instance_id.to_owned()),
        account: Set(String::new()),
        name: Set("machine".to_owned()),
        generation: Set(String::new()),
        labels: Set(serde_json::json!({})),
        origin: Set("file".to_owned()),
        created_at: Set(now()),
        retired_at: Set(retired_at),
    }
}

/// A root agent.
pub fn agent(on: Uuid, name: &str, retired_at: Option<DateTime<Utc>>) -> agent::ActiveModel {
    agent::ActiveModel {
        id: Set(new_id(now())),
        resource_id: Set(on),
        parent_id: Set(None),
        name: Set(name.to_owned()),
        last_seen_at: Set(None),
        created_at: Set(now()),
        retired_at: Set(retired_at),
    }
}

/// The record of a token that is good for an hour.
pub fn token(of: Uuid, key_id: &str, issued_at: DateTime<Utc>) -> issued_token::ActiveModel {
    issued_token::ActiveModel {
        id: Set(new_id(issued_at)),
        agent_id: Set(of),
        key_id: Set(key_id.to_owned()),
        proof_kind: Set("aws:rsa2048".to_owned()),
        issued_at: Set(issued_at),
        expires_at: Set(issued_at + TimeDelta::hours(1)),
    }
}

/// A signing key that no seal opens: for the records of tokens to refer to.
pub fn signing_key(id: &str) -> signing_key::ActiveModel {
    signing_key::ActiveModel {
        id: Set(id.to_owned()),
        sealed_key: Set(vec![1]),
        created_at: Set(now()),
        retired_at: Set(None),
    }
}

/// A login that was refused before it was known whose it was.
pub fn refused() -> Happening {
    Happening::LoginRefused(LoginRefused {
        provider: Provider::Aws,
        proof_kind: "aws:rsa2048",
        code: "identity-rejected",
        cause: "no key".to_owned(),
        instance_id: None,
        agent_name: None,
        dry_run: false,
    })
}
