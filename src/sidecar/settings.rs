//! How is a sidecar told what to do?

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::error::SidecarError;
use super::token_file::Format;
use crate::client::metadata::{Endpoints, MetadataError, MetadataReader, detect};
use crate::client::{BrokerClient, ClientError, Login};
use crate::names::Provider;
use crate::wire::{Challenge, ChallengeRequest};

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
    /// Whom Google's proof is for; the broker's URL without one.
    pub audience: Option<String>,
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

    /// A login for the agent of this name, by a proof that the machine makes for it now: where the
    /// cloud's proof can answer a challenge of the broker's, it does, and nobody else can use it.
    ///
    /// # Errors
    /// [`SidecarError`]: no proof, with what to do about it, or no broker.
    pub async fn login(
        &self,
        broker: &BrokerClient,
        agent_name: Option<&str>,
    ) -> Result<Login, SidecarError> {
        let reader = self.reader().await?;
        let proof = match self.challenge(reader.provider(), broker, agent_name).await? {
            Some(challenge) => reader.answer(&challenge).await?,
            None => reader.proof(self.audience_at(broker)).await?,
        };
        Ok(proof.of_agent(agent_name))
    }

    /// Whom Google's proof is for when it answers no challenge.
    pub fn audience_at<'a>(&'a self, broker: &'a BrokerClient) -> &'a str {
        self.audience.as_deref().unwrap_or(broker.url())
    }

    /// Whether a challenge may be answered to this broker. Google's token is good for whom it names:
    /// a broker that could name anybody would get tokens that are good elsewhere.
    fn is_its_own(&self, broker: &BrokerClient, challenge: &Challenge) -> bool {
        let whom = self.audience_at(broker).trim_end_matches('/');
        challenge.audience.strip_prefix(whom).is_some_and(|rest| rest.starts_with('/'))
    }

    async fn challenge(
        &self,
        provider: Provider,
        broker: &BrokerClient,
        agent_name: Option<&str>,
    ) -> Result<Option<Challenge>, ClientError> {
        if provider == Provider::Aws {
            return Ok(None);
        }
        let asked = ChallengeRequest {
            provider: Some(provider.to_string()),
            agent_name: agent_name.map(str::to_owned),
        };
        match broker.challenge(&asked).await {
            Ok(challenge) if provider == Provider::Google => {
                Ok(Some(challenge).filter(|challenge| self.is_its_own(broker, challenge)))
            }
            Ok(challenge) => Ok(Some(challenge)),
            // An earlier broker, or a cloud or a name that it has not: the login tells which.
            Err(ClientError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
