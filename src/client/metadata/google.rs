//! Google's metadata service: an identity token for one audience.

use super::error::MetadataError;
use super::exchange::Service;
use crate::names::Provider;
use crate::wire::GoogleLogin;

/// The full form names the machine; the short one only its service account.
const IDENTITY: &str =
    "/computeMetadata/v1/instance/service-accounts/default/identity?format=full&audience=";

const FLAVOR: (&str, &str) = ("Metadata-Flavor", "Google");

/// Reads a machine's identity from Google's metadata service.
#[derive(Clone, Debug)]
pub struct GoogleMetadataReader(Service);

impl GoogleMetadataReader {
    /// A reader of the service at this endpoint, as `http://metadata.google.internal`.
    ///
    /// # Errors
    /// [`MetadataError`] when no HTTP client can be made.
    pub fn new(endpoint: &str) -> Result<Self, MetadataError> {
        Service::new(Provider::Google, endpoint).map(Self)
    }

    /// The proof to log in with, for a broker that accepts this audience.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub async fn proof(&self, audience: &str) -> Result<GoogleLogin, MetadataError> {
        let token = self.read(&format!("{IDENTITY}{}", escaped(audience))).await?;
        Ok(GoogleLogin { json_web_token: Some(token.trim().to_owned()), ..GoogleLogin::default() })
    }

    /// Whether it is this cloud's service that answers.
    pub(super) async fn is_there(&self) -> Result<(), MetadataError> {
        self.read("/computeMetadata/v1/instance/id").await.map(|_| ())
    }

    async fn read(&self, path: &str) -> Result<String, MetadataError> {
        let Self(service) = self;
        let (name, value) = FLAVOR;
        service.text(service.http.get(service.url(path)).header(name, value)).await
    }
}

/// A value in a query (RFC 3986 section 3.4): everything but the unreserved is escaped.
fn escaped(value: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_of_any_form_is_one_value() {
        assert_eq!(escaped("https://a.b:1/c?d=e&f"), "https%3A%2F%2Fa.b%3A1%2Fc%3Fd%3De%26f");
        assert_eq!(escaped("coder-1_2.3~é"), "coder-1_2.3~%C3%A9");
    }
}
