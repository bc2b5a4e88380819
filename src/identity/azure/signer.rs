//! Which certificate signed a document, and is it one of a metadata service's?
//!
//! It is the one that the message names, wherever in the message it lies. Taking the first would
//! let a genuine certificate stand in front of another's signature.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rustls_pki_types::CertificateDer;
use webpki::EndEntityCert;
use webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256;

use super::path::{CertificateError, MOST_SENT, Usage, check_path};
use super::trust::AzureTrust;
use crate::identity::cms::{SignedMessage, SignerName};
use crate::identity::policy::AzureCloud;

/// The certificate that a message names as its signer's, believed in nothing yet.
pub(super) struct Signer<'a> {
    der: &'a CertificateDer<'a>,
    certificate: EndEntityCert<'a>,
}

impl<'a> Signer<'a> {
    /// Finds the one certificate of this name; what can be read as no certificate is none.
    ///
    /// # Errors
    /// [`CertificateError`] where there is none, or more than one, or too many to look through.
    pub(super) fn find(
        name: &SignerName,
        certificates: &'a [CertificateDer<'a>],
    ) -> Result<Self, CertificateError> {
        if certificates.len() > MOST_SENT {
            return Err(CertificateError::TooMany);
        }
        let mut named = certificates.iter().filter_map(|der| {
            let certificate = EndEntityCert::try_from(der).ok()?;
            is_named(&certificate, name).then_some(Self { der, certificate })
        });
        match (named.next(), named.next()) {
            (Some(signer), None) => Ok(signer),
            (None, _) => Err(CertificateError::Missing),
            (Some(_), Some(_)) => Err(CertificateError::Ambiguous),
        }
    }

    /// The names of the certificate's subject do not count: only those meant for servers do
    /// (RFC 6125 section 6.4.4). A pattern is no name of a metadata service.
    pub(super) fn check_name(&self, clouds: &BTreeSet<AzureCloud>) -> Result<(), CertificateError> {
        let mut names = self.certificate.valid_dns_names().filter(|name| !name.contains('*'));
        let of_a_cloud = names.any(|name| clouds.iter().any(|cloud| is_in(name, cloud.domain())));
        if of_a_cloud { Ok(()) } else { Err(CertificateError::Name) }
    }

    /// The certificate must be for signatures, and say that it is for servers.
    pub(super) fn check_usage(&self) -> Result<(), CertificateError> {
        let usage = Usage::of(self.der).ok_or(CertificateError::Malformed)?;
        if !usage.signs {
            return Err(CertificateError::KeyUsage);
        }
        if usage.has_purposes { Ok(()) } else { Err(CertificateError::Purpose) }
    }

    /// Whether this certificate's key, RSA of 2048 bits or more, made the message's signature.
    pub(super) fn made(&self, message: &SignedMessage) -> bool {
        let algorithm = RSA_PKCS1_2048_8192_SHA256;
        let SignedMessage { signed, signature, .. } = message;
        self.certificate.verify_signature(algorithm, signed, signature).is_ok()
    }

    /// Whether a path over these certificates leads to an authority.
    pub(super) fn check_path(
        &self,
        between: &[CertificateDer<'_>],
        trust: &AzureTrust,
        now: DateTime<Utc>,
    ) -> Result<(), CertificateError> {
        check_path(&self.certificate, between, trust, now)
    }
}

fn is_named(certificate: &EndEntityCert<'_>, name: &SignerName) -> bool {
    let [zeros @ .., _] = certificate.serial() else { return false };
    let leading = zeros.iter().take_while(|byte| **byte == 0).count();
    let serial_number = certificate.serial().get(leading..);
    certificate.issuer() == name.issuer && serial_number == Some(name.serial_number.as_slice())
}

/// Whether a name is this domain or lies under it. `metadata.azure.com.example.net` does not, nor
/// does `notmetadata.azure.com`.
fn is_in(name: &str, domain: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn look_alike_names_are_in_no_cloud() {
        let domain = "metadata.azure.com";
        for good in ["metadata.azure.com", "eastus.metadata.azure.com", "A.B.Metadata.Azure.COM"] {
            assert!(is_in(good, domain), "{good}");
        }
        for bad in [
            "",
            "azure.com",
            "ametadata.azure.com",
            "meta-data.azure.com",
            "metadata.azure.co",
            "metadata.azure.com.example.net",
            "metadata.azure.com-example.net",
            "metadata.azure.us",
            "metadata-azure.com",
        ] {
            assert!(!is_in(bad, domain), "{bad}");
        }
    }
}
