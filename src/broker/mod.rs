//! In which order? The flow of a login, and the wiring of the rooms that it goes through.
//!
//! [`authenticate`] is the whole service in one function. This is the only room that knows all of
//! identity, directory, token and event; it knows nothing of HTTP. [`system`] starts the actors,
//! introduces them to each other and stops them.

mod answers;
pub mod authenticate;
pub mod challenge;
pub mod delegate;
pub mod deploy;
pub mod desk;
pub mod dry_run;
pub mod entrance;
pub mod error;
mod google_keys;
mod keys;
pub mod limits;
pub mod log;
pub mod operators;
pub mod plan;
pub mod readiness;
pub mod registration;
mod retention;
pub mod session;
mod settings;
pub mod system;
pub mod trust;

use std::sync::Arc;

use entrance::Entrance;
use limits::Limits;

use crate::clock::Clock;
use crate::directory::{
    Converge, FileResources, FindAgent, FindSubAgent, ListAgents, ListResources, Retire, Rules,
    ShowAgent, ShowResource,
};
use crate::event::{Bus, CheckRecording, Enrol, Heartbeat, Record};
use crate::identity::{GiveChallenge, Trust, VerifyIdentity};
use crate::mailbox::{Mailbox, Ping};
use crate::metrics::Metrics;
use crate::token::{CheckSigning, CheckToken, DelegateToken, MintToken};

/// The rooms, as the flow sees them: a mailbox for each question. It has no state of its own, so
/// it is no actor: a mailbox in front of it would only put requests into one line.
#[derive(Clone, Debug)]
pub struct Broker {
    /// Who is let in.
    pub entrance: Entrance,
    /// Is this machine what it claims?
    pub verify: Mailbox<VerifyIdentity>,
    /// What must its proof carry?
    pub challenge: Mailbox<GiveChallenge>,
    /// Which agent does it speak for?
    pub find: Mailbox<FindAgent>,
    /// Make a token.
    pub mint: Mailbox<MintToken>,
    /// Which sub-agent is meant?
    pub find_sub_agent: Mailbox<FindSubAgent>,
    /// Make a token for a sub-agent.
    pub delegate: Mailbox<DelegateToken>,
    /// Does this token stand?
    pub check: Mailbox<CheckToken>,
    /// Does the signing key sign?
    pub check_signing: Mailbox<CheckSigning>,
    /// Write it down.
    pub record: Mailbox<Record>,
    /// Write it down with the registration that it needs.
    pub enrol: Mailbox<Enrol>,
    /// An agent is there.
    pub heartbeat: Mailbox<Heartbeat>,
    /// Would a record be taken?
    pub check_recording: Mailbox<CheckRecording>,
    /// Make a registration equal to its declaration.
    pub converge: Mailbox<Converge>,
    /// By which rules machines are enrolled.
    pub rules: Rules,
    /// End a registration.
    pub retire: Mailbox<Retire>,
    /// Which registrations came from the configuration?
    pub file_resources: Mailbox<FileResources>,
    /// Which resources are there?
    pub list_resources: Mailbox<ListResources>,
    /// Which agents are there?
    pub list_agents: Mailbox<ListAgents>,
    /// How is this resource?
    pub show_resource: Mailbox<ShowResource>,
    /// How is this agent?
    pub show_agent: Mailbox<ShowAgent>,
    /// Is every actor there?
    pub pings: Vec<Mailbox<Ping>>,
    /// Whose signatures count: how are Google's keys, and until when do Azure's anchors count?
    pub trust: Arc<Trust>,
    /// Who wants to know.
    pub bus: Bus,
    /// What time it is.
    pub clock: Clock,
    /// How often a machine may log in.
    pub limits: Limits,
    /// What is counted.
    pub metrics: Metrics,
}
