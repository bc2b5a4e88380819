//! What does a machine log in with? Its cloud's proof, and the name of one of its agents.

use serde::Serialize;

use crate::names::Provider;
use crate::wire::{AwsLogin, AzureLogin, GoogleLogin};

/// The body of a login, on the cloud that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Login {
    /// On AWS.
    Aws(AwsLogin),
    /// On Azure.
    Azure(AzureLogin),
    /// On Google.
    Google(GoogleLogin),
}

impl Login {
    /// The same login for the agent of this name; for the machine's only agent without one.
    pub fn of_agent(mut self, name: Option<&str>) -> Self {
        let agent_name = match &mut self {
            Login::Aws(login) => &mut login.agent_name,
            Login::Azure(login) => &mut login.agent_name,
            Login::Google(login) => &mut login.agent_name,
        };
        *agent_name = name.map(str::to_owned);
        self
    }

    /// The same login, by which nobody is to be logged in.
    pub(super) fn for_dry_run(mut self) -> Self {
        let dry_run = match &mut self {
            Login::Aws(login) => &mut login.dry_run,
            Login::Azure(login) => &mut login.dry_run,
            Login::Google(login) => &mut login.dry_run,
        };
        *dry_run = Some(true);
        self
    }

    /// The cloud.
    pub const fn provider(&self) -> Provider {
        match self {
            Login::Aws(_) => Provider::Aws,
            Login::Azure(_) => Provider::Azure,
            Login::Google(_) => Provider::Google,
        }
    }
}
