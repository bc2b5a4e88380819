//! EC2's metadata service, version 2: a session token first, then the documents.

use super::error::MetadataError;
use super::exchange::Service;
use crate::names::Provider;
use crate::wire::AwsLogin;

/// How long the session token of the metadata service is good for: as long as reading takes.
const SESSION_SECONDS: &str = "60";

/// Reads a machine's identity from EC2's metadata service.
#[derive(Clone, Debug)]
pub struct AwsMetadataReader(Service);

impl AwsMetadataReader {
    /// A reader of the service at this endpoint, as `http://169.254.169.254`.
    ///
    /// # Errors
    /// [`MetadataError`] when no HTTP client can be made.
    pub fn new(endpoint: &str) -> Result<Self, MetadataError> {
        Service::new(Provider::Aws, endpoint).map(Self)
    }

    /// The proof to log in with: `rsa2048`, signed with the region's own key.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub async fn proof(&self) -> Result<AwsLogin, MetadataError> {
        Ok(AwsLogin { pkcs7: Some(self.rsa2048().await?), ..AwsLogin::default() })
    }

    /// The PKCS#7 message that proves the machine, signed with the region's own RSA-2048 key.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub async fn rsa2048(&self) -> Result<String, MetadataError> {
        self.read("dynamic/instance-identity/rsa2048").await
    }

    /// A session token: what no other cloud's service gives.
    pub(super) async fn session(&self) -> Result<String, MetadataError> {
        let Self(service) = self;
        let request = service
            .http
            .put(service.url("/latest/api/token"))
            .header("X-aws-ec2-metadata-token-ttl-seconds", SESSION_SECONDS);
        service.text(request).await
    }

    async fn read(&self, path: &str) -> Result<String, MetadataError> {
        let Self(service) = self;
        let session = self.session().await?;
        let request = service
            .http
            .get(service.url(&format!("/latest/{path}")))
            .header("X-aws-ec2-metadata-token", session);
        service.text(request).await
    }
}
