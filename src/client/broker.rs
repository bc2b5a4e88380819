//! What can the broker be asked by an agent? Each call typed, each refusal the broker's own problem.

use chrono::{DateTime, Utc};
use reqwest::{Certificate, Method, RequestBuilder};
use serde::de::DeserializeOwned;

use super::error::ClientError;
use super::login::Login;
use super::{answer, http};
use crate::wire::{Challenge, ChallengeRequest, DryRunAnswer, LoginAnswer, Me};

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
        Self::trusting(url, &[])
    }

    /// A client of the broker at this URL, whose certificate may also come from one of these
    /// authorities.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when no HTTP client can be made, as with an authority that
    /// cannot be read.
    pub fn trusting(url: &str, authorities: &[Certificate]) -> Result<Self, ClientError> {
        let url = url.trim_end_matches('/');
        let http = http::to_broker(url, authorities)
            .map_err(|error| ClientError::unreachable(url, &error))?;
        Ok(Self { http, url: url.to_owned() })
    }

    /// Where the broker is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What a proof must carry to count as made for a login now.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn challenge(&self, request: &ChallengeRequest) -> Result<Challenge, ClientError> {
        answer::read(&self.url, self.request(Method::POST, "/v1/challenge").json(request)).await
    }

    /// Logs in on whichever cloud this is.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn login(&self, login: &Login) -> Result<LoginAnswer, ClientError> {
        self.send_login(login).await
    }

    /// Asks which agent this login would be of, and gets no token.
    ///
    /// # Errors
    /// [`ClientError`]: the refusal that the login would get, or none at all.
    pub async fn dry_run(&self, login: Login) -> Result<DryRunAnswer, ClientError> {
        self.send_login(&login.for_dry_run()).await
    }

    async fn send_login<A: DeserializeOwned>(&self, login: &Login) -> Result<A, ClientError> {
        let path = format!("/v1/login/{}", login.provider());
        answer::read(&self.url, self.request(Method::POST, &path).json(login)).await
    }

    /// Who this token speaks for.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn me(&self, token: &str) -> Result<Me, ClientError> {
        let request = self.request(Method::GET, "/v1/agents/me").bearer_auth(token);
        answer::read(&self.url, request).await
    }

    /// Marks the agent that this token speaks for as connected.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn heartbeat(&self, token: &str) -> Result<(), ClientError> {
        let request = self.request(Method::POST, "/v1/agents/me/heartbeat").bearer_auth(token);
        answer::accept(&self.url, request).await
    }

    /// What time it is at the broker, to the second; `None` where it does not tell.
    ///
    /// # Errors
    /// [`ClientError`], when no broker answers.
    pub async fn time(&self) -> Result<Option<DateTime<Utc>>, ClientError> {
        answer::date(&self.url, self.request(Method::GET, "/healthz")).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }
}
