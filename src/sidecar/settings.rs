//! How is a sidecar told what to do?

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::token_file::Format;
use crate::client::metadata::{Endpoints, MetadataError, MetadataReader, detect};
use crate::client::{BrokerClient, Login};
use crate::names::Provider;

/// What a sidecar is to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whom to ask.
    pub broker: BrokerClient,
    /// How the machine proves itself.
    pub cloud: Cloud,
    /// Which agent to be; the machine's only one without a name.
    pub agent_name: Option<String>,
    /// Where the token goes.
    pub token_file: PathBuf,
    /// What the file holds.
    pub format: Format,
    /// How long to wait for the first token.
    pub wait: Duration,
    /// What to run after each renewal, by the shell.
    pub on_renew: Option<String>,
    /// The program to run while there is a token.
    pub command: Vec<OsString>,
}

/// How the machine proves itself.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// The cloud; whichever it is without one.
    pub provider: Option<Provider>,
    /// Where the metadata services are.
    pub endpoints: Endpoints,
    /// Whom Google's proof is for.
    pub audience: String,
}

impl Cloud {
    /// The reader of this machine's metadata service.
    ///
    /// # Errors
    /// [`MetadataError`], with what to do about it.
    pub async fn reader(&self) -> Result<MetadataReader, MetadataError> {
        match self.provider {
            Some(provider) => MetadataReader::new(provider, &self.endpoints),
            None => detect(&self.endpoints).await,
        }
    }

    /// The machine's proof, as of now, as a login for the agent of this name.
    ///
    /// # Errors
    /// [`MetadataError`], with what to do about it.
    pub async fn login(&self, agent_name: Option<&str>) -> Result<Login, MetadataError> {
        let proof = self.reader().await?.proof(&self.audience).await?;
        Ok(proof.of_agent(agent_name))
    }
}
