//! What can the broker be asked by an operator? To register, to retire, and what is there.

use std::fmt;

use reqwest::{Certificate, Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::error::ClientError;
use super::{answer, http};
use crate::names::{InstanceId, Provider};
use crate::wire::{Agent, ConvergedResource, ListQuery, Page, Resource, ResourceDeclaration};

/// A client of one broker, with an operator's token.
#[derive(Clone)]
pub struct RegistrationClient {
    http: reqwest::Client,
    url: String,
    token: Zeroizing<String>,
}

/// What a declaration led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converged {
    /// The registration was begun.
    Created,
    /// It was there, and was changed.
    Changed,
    /// All was as declared.
    Unchanged,
}

/// The largest page that the broker gives: a list takes as few requests as it can.
const PAGE: u64 = 1000;

impl RegistrationClient {
    /// A client of the broker at this URL, for the operator of this token. The broker's
    /// certificate may also come from one of these authorities.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when no HTTP client can be made.
    pub fn new(
        url: &str,
        token: Zeroizing<String>,
        authorities: &[Certificate],
    ) -> Result<Self, ClientError> {
        let url = url.trim_end_matches('/');
        let http = http::to_broker(url, authorities)
            .map_err(|error| ClientError::unreachable(url, &error))?;
        Ok(Self { http, url: url.to_owned(), token })
    }

    /// Makes the registration of a machine equal to this declaration.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn put(
        &self,
        provider: Provider,
        instance_id: &InstanceId,
        declaration: &ResourceDeclaration,
    ) -> Result<(Converged, Resource), ClientError> {
        let request = self.request(Method::PUT, &machine(provider, instance_id)).json(declaration);
        let (status, answer) = answer::read_with_status(&self.url, request).await?;
        let ConvergedResource { resource, changed } = answer;
        let converged = match (status, changed) {
            (StatusCode::CREATED, _) => Converged::Created,
            (_, true) => Converged::Changed,
            (_, false) => Converged::Unchanged,
        };
        Ok((converged, resource))
    }

    /// Retires the live resource of a machine, with its agents and their tokens.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn retire(
        &self,
        provider: Provider,
        instance_id: &InstanceId,
    ) -> Result<(), ClientError> {
        let path = machine(provider, instance_id);
        answer::accept(&self.url, self.request(Method::DELETE, &path)).await
    }

    /// All resources that the filter lets through, page by page, the oldest first.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn resources(&self, filter: &ListQuery) -> Result<Vec<Resource>, ClientError> {
        self.list("/v1/resources", filter).await
    }

    /// All agents that the filter lets through, page by page, the oldest first.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn agents(&self, filter: &ListQuery) -> Result<Vec<Agent>, ClientError> {
        self.list("/v1/agents", filter).await
    }

    /// One resource, live or retired.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn resource(&self, id: Uuid) -> Result<Resource, ClientError> {
        let path = format!("/v1/resources/{id}");
        answer::read(&self.url, self.request(Method::GET, &path)).await
    }

    /// One agent, live or retired.
    ///
    /// # Errors
    /// [`ClientError`]: the broker's refusal, or none at all.
    pub async fn agent(&self, id: Uuid) -> Result<Agent, ClientError> {
        let path = format!("/v1/agents/{id}");
        answer::read(&self.url, self.request(Method::GET, &path)).await
    }

    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        filter: &ListQuery,
    ) -> Result<Vec<T>, ClientError> {
        let mut query = ListQuery { limit: Some(PAGE), ..filter.clone() };
        let mut all = Vec::new();
        loop {
            let request = self.request(Method::GET, path).query(&query);
            let page: Page<T> = answer::read(&self.url, request).await?;
            all.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return Ok(all);
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.bearer_auth(self.token.as_str())
    }
}

impl fmt::Debug for RegistrationClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token opens every registration and must not slip into a log.
        write!(f, "RegistrationClient({})", self.url)
    }
}

/// The path of a machine. Of what an instance id may hold, only the slash would end it early.
fn machine(provider: Provider, instance_id: &InstanceId) -> String {
    format!("/v1/resources/{provider}/{}", instance_id.as_str().replace('/', "%2F"))
}
