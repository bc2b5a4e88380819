//! What can the broker be asked by an agent? Each call typed, each refusal the broker's own problem.

use super::error::ClientError;
use super::{answer, http};
use crate::wire::{AwsLogin, LoginAnswer, Me};

/// A client of one broker.
#[derive(Clone, Debug)]
pub struct BrokerClient {
    http: reqwest::Client,
    url: String,
}

impl BrokerClient {
    /// A client of the broker at this URL.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when no HTTP client can be made.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let http = http::client().map_err(|error| ClientError::unreachable(url, &error))?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned() })
    }

    /// Logs in on AWS.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn login_aws(&self, login: &AwsLogin) -> Result<LoginAnswer, ClientError> {
        let request = self.http.post(format!("{}/v1/login/aws", self.url)).json(login);
        answer::read(&self.url, request).await
    }

    /// Who this token speaks for.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn me(&self, token: &str) -> Result<Me, ClientError> {
        let request = self.http.get(format!("{}/v1/agents/me", self.url)).bearer_auth(token);
        answer::read(&self.url, request).await
    }
}
