//! EC2's metadata service, version 2: a session token first, then the documents.

use crate::client::http;

/// How long the session token of the metadata service is good for: as long as reading takes.
const SESSION_SECONDS: &str = "60";

/// Reads a machine's identity from EC2's metadata service.
#[derive(Clone, Debug)]
pub struct AwsMetadataReader {
    http: reqwest::Client,
    endpoint: String,
}

impl AwsMetadataReader {
    /// A reader of the service at this endpoint, as `http://169.254.169.254`.
    ///
    /// # Errors
    /// [`MetadataError`] when no HTTP client can be made.
    pub fn new(endpoint: &str) -> Result<Self, MetadataError> {
        let http = http::client().map_err(|error| MetadataError::unreachable(endpoint, &error))?;
        Ok(Self { http, endpoint: endpoint.trim_end_matches('/').to_owned() })
    }

    /// The PKCS#7 message that proves the machine, signed with the region's own RSA-2048 key.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub async fn rsa2048(&self) -> Result<String, MetadataError> {
        self.read("dynamic/instance-identity/rsa2048").await
    }

    /// The document, and its signature with a key that regions share.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub async fn document(&self) -> Result<(String, String), MetadataError> {
        let document = self.read("dynamic/instance-identity/document").await?;
        Ok((document, self.read("dynamic/instance-identity/signature").await?))
    }

    async fn read(&self, path: &str) -> Result<String, MetadataError> {
        let session = self
            .http
            .put(format!("{}/latest/api/token", self.endpoint))
            .header("X-aws-ec2-metadata-token-ttl-seconds", SESSION_SECONDS);
        let session = self.text(session).await?;
        let document = self
            .http
            .get(format!("{}/latest/{path}", self.endpoint))
            .header("X-aws-ec2-metadata-token", session);
        self.text(document).await
    }

    async fn text(&self, request: reqwest::RequestBuilder) -> Result<String, MetadataError> {
        let unreachable = |error| MetadataError::unreachable(&self.endpoint, &error);
        let response = request.send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            let (endpoint, status) = (self.endpoint.clone(), response.status().as_u16());
            return Err(MetadataError::Refused { endpoint, status });
        }
        response.text().await.map_err(unreachable)
    }
}

/// Why the metadata service told nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It does not answer.
    #[error(
        "the metadata service at {endpoint} cannot be reached: {reason}\n  Is this an EC2 \
         instance, and is the metadata service enabled for it?"
    )]
    Unreachable {
        /// Where it should be.
        endpoint: String,
        /// What the library said.
        reason: String,
    },
    /// It answers, and says no.
    #[error("the metadata service at {endpoint} answered with {status}")]
    Refused {
        /// Where it is.
        endpoint: String,
        /// The status that it answered with.
        status: u16,
    },
}

impl MetadataError {
    fn unreachable(endpoint: &str, error: &reqwest::Error) -> Self {
        Self::Unreachable { endpoint: endpoint.to_owned(), reason: error.to_string() }
    }
}
