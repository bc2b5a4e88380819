//! How is a metadata service asked? One request, a bounded answer, and a diagnosis where there is
//! none.

use reqwest::{RequestBuilder, Response};

use super::error::{MetadataError, Trouble};
use crate::client::http;
use crate::names::Provider;

/// The longest answer of a metadata service that is read: the broker takes no larger one.
const MOST_BYTES: usize = 64 * 1024;

/// One cloud's metadata service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) provider: Provider,
    pub(super) endpoint: String,
    pub(super) http: reqwest::Client,
}

impl Service {
    pub(super) fn new(provider: Provider, endpoint: &str) -> Result<Self, MetadataError> {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let http = http::to_metadata()
            .map_err(|error| MetadataError::unreachable(provider, &endpoint, &error))?;
        Ok(Self { provider, endpoint, http })
    }

    /// The text that a good answer holds.
    pub(super) async fn text(&self, request: RequestBuilder) -> Result<String, MetadataError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            let (status, headers) = (response.status(), response.headers());
            return Err(self.error(Trouble::diagnose(self.provider, status, headers)));
        }
        let bytes = bounded(response).await.map_err(|error| self.unreachable(&error))?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| self.error(Trouble::Unreadable))
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.endpoint)
    }

    pub(super) fn error(&self, trouble: Trouble) -> MetadataError {
        MetadataError { provider: self.provider, endpoint: self.endpoint.clone(), trouble }
    }

    fn unreachable(&self, error: &reqwest::Error) -> MetadataError {
        MetadataError::unreachable(self.provider, &self.endpoint, error)
    }
}

/// The body, unless it is longer than anything of use.
pub(super) async fn bounded(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > MOST_BYTES {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}
