//! What can the directory be asked?

use super::selection::{Agent, Refused};
use crate::event::{ResourceConverged, ResourceRetired};
use crate::identity::VerifiedInstance;
use crate::mailbox::Request;
use crate::names::{InstanceId, Provider};
use crate::registration::ResourceSpec;

/// Which agent does this machine speak for?
#[derive(Clone, Debug)]
pub struct FindAgent {
    /// The proven machine.
    pub instance: VerifiedInstance,
    /// The name that was asked for.
    pub name: Option<String>,
}

/// Make the registration equal to this declaration; `None` when it is already.
#[derive(Clone, Debug)]
pub struct Converge(pub ResourceSpec);

/// Retire the live resource of this instance that came from the configuration; `None` when there
/// is none.
#[derive(Clone, Debug)]
pub struct Retire {
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: InstanceId,
}

/// Which live resources came from the configuration?
#[derive(Clone, Copy, Debug)]
pub struct FileResources;

impl Request for FindAgent {
    type Answer = Result<Result<Agent, Refused>, DirectoryError>;
}

impl Request for Converge {
    type Answer = Result<Option<ResourceConverged>, DirectoryError>;
}

impl Request for Retire {
    type Answer = Result<Option<ResourceRetired>, DirectoryError>;
}

impl Request for FileResources {
    type Answer = Result<Vec<(Provider, InstanceId)>, DirectoryError>;
}

/// The directory could not look, or could not change anything; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The database refused, or is away.
    #[error("the database did not answer the directory: {0}")]
    Database(String),
    /// A row holds what this binary would never have written.
    #[error("the registration of {0} cannot be read")]
    Corrupt(String),
}
