//! What can the directory be asked?

use uuid::Uuid;

use super::query::{Cursor, Filter, Page};
use super::selection::{Agent, Refused};
use super::sub_agent::SubAgent;
use super::view::{AgentView, ResourceView};
use crate::event::AuthEvent;
use crate::identity::VerifiedInstance;
use crate::mailbox::Request;
use crate::names::{InstanceId, Provider};
use crate::registration::{Origin, Registrar, ResourceSpec};

/// Which agent does this machine speak for?
#[derive(Clone, Debug)]
pub struct FindAgent {
    /// The proven machine.
    pub instance: VerifiedInstance,
    /// The name that was asked for.
    pub name: Option<String>,
}

/// Which sub-agent of this root agent is meant? Else: the names of those that it has, sorted.
#[derive(Clone, Debug)]
pub struct FindSubAgent {
    /// The root agent.
    pub parent_id: Uuid,
    /// The name that was asked for.
    pub name: String,
}

/// Make the registration equal to this declaration.
#[derive(Clone, Debug)]
pub struct Converge {
    /// What is declared.
    pub spec: ResourceSpec,
    /// Who declares it.
    pub by: Registrar,
    /// The request that it came with.
    pub request_id: Option<String>,
}

impl Converge {
    /// As the configuration declares it.
    pub fn from_file(spec: ResourceSpec) -> Self {
        Self { spec, by: Registrar::File, request_id: None }
    }
}

/// A registration that equals its declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converged {
    /// The registration as it is now.
    pub resource: ResourceView,
    /// Whether it was begun just now: nothing was live, or another generation.
    pub begun: bool,
    /// What was changed, as it is on record; `None` when all was as declared already.
    pub event: Option<AuthEvent>,
}

/// Retire the live resource of this instance, with its agents and their tokens.
#[derive(Clone, Debug)]
pub struct Retire {
    /// The cloud.
    pub provider: Provider,
    /// The machine.
    pub instance_id: InstanceId,
    /// Who wants it.
    pub by: Registrar,
    /// The request that it came with.
    pub request_id: Option<String>,
}

/// Why a registration stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// Nothing live is registered for the machine.
    #[error("nothing live is registered for this instance")]
    NotRegistered,
    /// It is somebody else's, who alone may change it.
    #[error("the registration is owned by the {0}")]
    Owned(Origin),
}

/// Which resources are there?
#[derive(Clone, Debug)]
pub struct ListResources(pub Filter, pub Cursor);

/// Which agents are there?
#[derive(Clone, Debug)]
pub struct ListAgents(pub Filter, pub Cursor);

/// How is the resource of this id?
#[derive(Clone, Copy, Debug)]
pub struct ShowResource(pub Uuid);

/// How is the agent of this id?
#[derive(Clone, Copy, Debug)]
pub struct ShowAgent(pub Uuid);

/// Which live resources came from the configuration?
#[derive(Clone, Copy, Debug)]
pub struct FileResources;

impl Request for FindAgent {
    type Answer = Result<Result<Agent, Refused>, DirectoryError>;
}

impl Request for FindSubAgent {
    type Answer = Result<Result<SubAgent, Vec<String>>, DirectoryError>;
}

impl Request for Converge {
    type Answer = Result<Result<Converged, ChangeRefused>, DirectoryError>;
}

/// What was done, as it is on record.
impl Request for Retire {
    type Answer = Result<Result<AuthEvent, ChangeRefused>, DirectoryError>;
}

impl Request for ListResources {
    type Answer = Result<Page<ResourceView>, DirectoryError>;
}

impl Request for ListAgents {
    type Answer = Result<Page<AgentView>, DirectoryError>;
}

impl Request for ShowResource {
    type Answer = Result<Option<ResourceView>, DirectoryError>;
}

impl Request for ShowAgent {
    type Answer = Result<Option<AgentView>, DirectoryError>;
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
    /// The database has something against what it was given.
    #[error("the database did not take what the directory gave it: {0}")]
    Unfit(String),
    /// Others changed the same registration in between.
    #[error("others changed the same registration in between")]
    Overtaken,
    /// A row holds what this binary would never have written.
    #[error("the registration of {0} cannot be read")]
    Corrupt(String),
}
