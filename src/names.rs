//! What may things be called? Providers, instance ids and agent names, parsed once at the edge.
//!
//! Knows nothing of proofs, registrations or HTTP: a name is only well-formed here, never known
//! or proven.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::{Builder, NoContext, Timestamp, Uuid};

/// A cloud whose machines can prove their identity.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Amazon Web Services: EC2 instance identity documents.
    Aws,
    /// Microsoft Azure: IMDS attested data.
    Azure,
    /// Google Cloud: Compute Engine identity tokens.
    Google,
}

impl Provider {
    /// Every provider, in the order in which they are listed to people.
    pub const ALL: [Provider; 3] = [Provider::Aws, Provider::Azure, Provider::Google];

    /// The word for this provider in paths, bodies, tables and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Provider::Aws => "aws",
            Provider::Azure => "azure",
            Provider::Google => "google",
        }
    }

    /// Reads the word that [`as_str`](Self::as_str) gives.
    ///
    /// # Errors
    /// [`NameError::Provider`] for any other word.
    pub fn parse(word: &str) -> Result<Self, NameError> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == word).ok_or(NameError::Provider)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The id that a cloud gave to a machine: opaque, 1 to 128 characters of `[A-Za-z0-9._:/-]`.
///
/// Azure writes the same `vmId` in either case, so Azure's ids are held in lower case; the others
/// are compared as they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct InstanceId(String);

impl InstanceId {
    /// The longest id, in characters.
    pub const MAX_LENGTH: usize = 128;

    /// Reads an instance id of this provider.
    ///
    /// # Errors
    /// [`NameError::InstanceId`] for a text of another shape.
    pub fn parse(provider: Provider, text: &str) -> Result<Self, NameError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.chars().all(allowed) {
            return Err(NameError::InstanceId);
        }
        Ok(Self(match provider {
            Provider::Azure => text.to_ascii_lowercase(),
            Provider::Aws | Provider::Google => text.to_owned(),
        }))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an agent: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, unique on its resource without regard
/// to case, selected with regard to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct AgentName(String);

impl AgentName {
    /// Reads an agent name.
    ///
    /// # Errors
    /// [`NameError::AgentName`] for a text of another shape.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if !is_plain(text) {
            return Err(NameError::AgentName);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name that people gave to a resource, of the same shape as an agent's. Names of resources
/// need not be unique: the instance id is what tells two of them apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ResourceName(String);

impl ResourceName {
    /// Reads a resource name.
    ///
    /// # Errors
    /// [`NameError::ResourceName`] for a text of another shape.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if !is_plain(text) {
            return Err(NameError::ResourceName);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The longest plain name, in characters.
pub const MAX_NAME_LENGTH: usize = 64;

/// What a plain name is, for people.
pub const PLAIN_NAME: &str =
    "1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit";

/// Whether a text is a plain name, `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`: the one shape of every name
/// that people choose here, of agents, resources, operators and labels.
pub fn is_plain(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= MAX_NAME_LENGTH
        && text.chars().all(allowed)
}

/// A text that is no name of its kind; the message says what one looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not one of the three providers.
    #[error("a provider is one of aws, azure, google")]
    Provider,
    /// Not an instance id.
    #[error("an instance id is 1 to 128 characters of A-Z a-z 0-9 . _ : / -")]
    InstanceId,
    /// Not an agent name.
    #[error(
        "an agent name is 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit"
    )]
    AgentName,
    /// Not a resource name.
    #[error(
        "a resource name is 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit"
    )]
    ResourceName,
}

/// A new id for a row, a token or a request: UUIDv7 (RFC 9562 section 5.7), so that rows made
/// together lie together in an index.
pub fn new_id(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

/// The first id of this moment: every id of an earlier one is less.
pub fn first_id(at: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart_by_their_moment() {
        let at = DateTime::from_timestamp(1_800_000_000, 5_000_000).unwrap();
        let before = at - chrono::TimeDelta::milliseconds(1);
        for _ in 0..100 {
            assert!(new_id(before) < first_id(at) && first_id(at) <= new_id(at));
        }
    }

    #[test]
    fn an_instance_id_is_opaque_but_bounded() {
        let longest = "i".repeat(128);
        for good in ["i-0abc", "4242", "a/b:c_d.e-f", longest.as_str()] {
            assert_eq!(InstanceId::parse(Provider::Aws, good).unwrap().as_str(), good);
        }
        let too_long = "i".repeat(129);
        for bad in ["", " ", "i 1", "i\n", "ï", "a\"b", too_long.as_str()] {
            assert_eq!(InstanceId::parse(Provider::Aws, bad), Err(NameError::InstanceId), "{bad}");
        }
    }

    #[test]
    fn only_azure_ids_lose_their_case() {
        let parse = |provider| InstanceId::parse(provider, "AB-cd").unwrap().as_str().to_owned();
        assert_eq!(parse(Provider::Azure), "ab-cd");
        assert_eq!(parse(Provider::Aws), "AB-cd");
        assert_eq!(parse(Provider::Google), "AB-cd");
    }

    #[test]
    fn agent_and_resource_names_begin_with_a_letter_or_digit() {
        let longest = "x".repeat(64);
        for good in ["main", "Dev", "0", "a.b_c-d", longest.as_str()] {
            assert_eq!(AgentName::parse(good).unwrap().as_str(), good);
            assert_eq!(ResourceName::parse(good).unwrap().as_str(), good);
        }
        let too_long = "x".repeat(65);
        for bad in ["", "-a", ".a", "_a", "a b", "a/b", "é", too_long.as_str()] {
            assert_eq!(AgentName::parse(bad), Err(NameError::AgentName), "{bad}");
            assert!(ResourceName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_of_one_moment_differ_and_later_ids_sort_later() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert_ne!(new_id(now), new_id(now));
        assert!(new_id(now) < new_id(now + chrono::TimeDelta::milliseconds(1)));
    }
}
