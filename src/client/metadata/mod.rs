//! What does the machine's cloud say about it? A reader for each metadata service.

mod aia;
mod aws;
mod azure;
mod detect;
mod endpoints;
mod error;
mod exchange;
mod google;

pub use aws::AwsMetadataReader;
pub use azure::AzureMetadataReader;
pub use detect::detect;
pub use endpoints::Endpoints;
pub use error::{MetadataError, Trouble};
pub use google::GoogleMetadataReader;

use super::login::Login;
use crate::names::Provider;
use crate::wire::Challenge;

/// A reader of one cloud's metadata service.
#[derive(Clone, Debug)]
pub enum MetadataReader {
    /// EC2's.
    Aws(AwsMetadataReader),
    /// Azure's.
    Azure(AzureMetadataReader),
    /// Google's.
    Google(GoogleMetadataReader),
}

impl MetadataReader {
    /// A reader of this cloud's service, where the environment says it is.
    ///
    /// # Errors
    /// [`MetadataError`] when no HTTP client can be made.
    pub fn new(provider: Provider, endpoints: &Endpoints) -> Result<Self, MetadataError> {
        let endpoint = endpoints.of(provider);
        Ok(match provider {
            Provider::Aws => Self::Aws(AwsMetadataReader::new(endpoint)?),
            Provider::Azure => Self::Azure(AzureMetadataReader::new(endpoint)?),
            Provider::Google => Self::Google(GoogleMetadataReader::new(endpoint)?),
        })
    }

    /// The machine's proof as a login for nobody in particular. `audience` is whom Google's is
    /// for; the other clouds sign the same for everybody.
    ///
    /// # Errors
    /// [`MetadataError`], with what to do about it.
    pub async fn proof(&self, audience: &str) -> Result<Login, MetadataError> {
        self.read(None, audience).await
    }

    /// The same, made to answer this challenge of a broker's. AWS's documents can answer none.
    ///
    /// # Errors
    /// [`MetadataError`], with what to do about it.
    pub async fn answer(&self, challenge: &Challenge) -> Result<Login, MetadataError> {
        self.read(Some(&challenge.nonce), &challenge.audience).await
    }

    async fn read(&self, nonce: Option<&str>, audience: &str) -> Result<Login, MetadataError> {
        Ok(match self {
            Self::Aws(reader) => Login::Aws(reader.proof().await?),
            Self::Azure(reader) => Login::Azure(reader.proof(nonce).await?),
            Self::Google(reader) => Login::Google(reader.proof(audience).await?),
        })
    }

    /// The cloud.
    pub const fn provider(&self) -> Provider {
        match self {
            Self::Aws(_) => Provider::Aws,
            Self::Azure(_) => Provider::Azure,
            Self::Google(_) => Provider::Google,
        }
    }
}
