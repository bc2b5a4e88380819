//! Azure's metadata service: the attested document, and the certificates that it lacks.

use serde::Deserialize;

use super::aia;
use super::error::{MetadataError, Trouble};
use super::exchange::Service;
use crate::names::Provider;
use crate::wire::AzureLogin;

/// Since this version the document is signed for every virtual machine.
const ATTESTED: &str = "/metadata/attested/document?api-version=2020-09-01";

/// Reads a machine's identity from Azure's metadata service.
#[derive(Clone, Debug)]
pub struct AzureMetadataReader(Service);

/// What the service answers.
#[derive(Debug, Deserialize)]
struct Attested {
    encoding: Option<String>,
    signature: String,
}

impl AzureMetadataReader {
    /// A reader of the service at this endpoint, as `http://169.254.169.254`.
    ///
    /// # Errors
    /// [`MetadataError`] when no HTTP client can be made.
    pub fn new(endpoint: &str) -> Result<Self, MetadataError> {
        Service::new(Provider::Azure, endpoint).map(Self)
    }

    /// The proof to log in with, holding this nonce if one is given. The document brings its
    /// signer's certificate only; those between it and Azure's authorities are fetched from where
    /// the certificates say they are, as far as they are there: the broker may know them, and
    /// decides.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub async fn proof(&self, nonce: Option<&str>) -> Result<AzureLogin, MetadataError> {
        let Attested { encoding, signature } = self.attested(nonce).await?;
        let certificates = aia::intermediates(&self.0.http, &signature).await;
        let certificates = (!certificates.is_empty()).then_some(certificates);
        Ok(AzureLogin {
            signature: Some(signature),
            encoding,
            certificates,
            ..AzureLogin::default()
        })
    }

    async fn attested(&self, nonce: Option<&str>) -> Result<Attested, MetadataError> {
        let Self(service) = self;
        let request = service.http.get(service.url(ATTESTED)).header("Metadata", "true");
        let request = request.query(&nonce.map(|nonce| ("nonce", nonce)).as_slice());
        let text = service.text(request).await?;
        serde_json::from_str(&text).map_err(|_| service.error(Trouble::Unreadable))
    }

    /// Whether it is this cloud's service that answers.
    pub(super) async fn is_there(&self) -> Result<(), MetadataError> {
        self.attested(None).await.map(|_| ())
    }
}
