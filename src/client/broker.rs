//! What can the broker be asked? Each call typed, each refusal the broker's own problem.

use serde::de::DeserializeOwned;

use super::http;
use crate::wire::{AwsLogin, LoginAnswer, Me, Problem};

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
        self.answer(self.http.post(format!("{}/v1/login/aws", self.url)).json(login)).await
    }

    /// Who this token speaks for.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn me(&self, token: &str) -> Result<Me, ClientError> {
        self.answer(self.http.get(format!("{}/v1/agents/me", self.url)).bearer_auth(token)).await
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, ClientError> {
        let unreachable = |error| ClientError::unreachable(&self.url, &error);
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        let foreign = |_| ClientError::Foreign { url: self.url.clone(), status: status.as_u16() };
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(foreign);
        }
        let problem = serde_json::from_slice(&body).map_err(foreign)?;
        Err(ClientError::Refused(Box::new(problem)))
    }
}

/// Why a call got no good answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The broker said no, and why.
    #[error("{} ({}): {}", .0.title, .0.code, .0.detail)]
    Refused(Box<Problem>),
    /// No broker answered.
    #[error("the broker at {url} cannot be reached: {reason}")]
    Unreachable {
        /// Where it should be.
        url: String,
        /// What the library said.
        reason: String,
    },
    /// Something else answered.
    #[error("what answers at {url} (with {status}) is no callsign broker")]
    Foreign {
        /// Where it is.
        url: String,
        /// The status that it answered with.
        status: u16,
    },
}

impl ClientError {
    /// The broker's problem, where it answered with one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            ClientError::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    fn unreachable(url: &str, error: &reqwest::Error) -> Self {
        // The outer text names the URL once more; the cause is what helps.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        Self::Unreachable { url: url.to_owned(), reason: cause.to_string() }
    }
}
