//! Whose certificates count when we call others over TLS? Those of the machine's own authorities,
//! or where it has none, Mozilla's, as they came with this build.
//!
//! A fresh container often has no authorities installed, and a private one of a company is only
//! ever found on the machine: so first the machine, then the fallback, and never both together.

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// TLS as a client, without a certificate of our own.
pub fn client_config() -> ClientConfig {
    // rustls takes its cryptography from the process; whoever came first chose the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let authorities = authorities(rustls_native_certs::load_native_certs().certs);
    ClientConfig::builder().with_root_certificates(authorities).with_no_client_auth()
}

/// What is no certificate is passed over, as every reader of such collections does.
fn authorities(of_machine: Vec<CertificateDer<'_>>) -> RootCertStore {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(of_machine);
    if authorities.is_empty() {
        authorities.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    authorities
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::pem::PemObject as _;

    /// Of a key that was thrown away.
    const OWN: &str = "\
-----BEGIN CERTIFICATE-----
MIIBhDCCASugAwIBAgIUGgat6FFtrtXO8Y44SeRxBaVEBEowCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMYW4gYXV0aG9yaXR5MCAXDTI2MTEyNTA0MjUyMloYDzIxMjYx
MTAxMDQyNTIyWjAXMRUwEwYDVQQDDAxhbiBhdXRob3JpdHkwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAQbdatREDnBHzy2W3CPllZ2kHvmMp+SuqBpDIdl3puv3BqH
joP8oig9ROj9pW9ohx29OnLeLevFjjiZr4clcFI5o1MwUTAdBgNVHQ4EFgQUd0OB
OiY2K9Pr4crBAi0wtc3w5d4wHwYDVR0jBBgwFoAUd0OBOiY2K9Pr4crBAi0wtc3w
5d4wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBqrfIxYHOG5vT9
qp7GT/4jSwC4hy0RQyfZcgL6D6GWdgIgOIyeyW7id5FUJX6rZBq0uXKEW3fUdTET
98JxCdHS4XQ=
-----END CERTIFICATE-----";

    #[test]
    fn a_machine_without_authorities_believes_the_built_in_ones() {
        assert_eq!(authorities(Vec::new()).len(), webpki_roots::TLS_SERVER_ROOTS.len());
        let broken = CertificateDer::from(vec![0x30, 0]);
        assert_eq!(authorities(vec![broken]).len(), webpki_roots::TLS_SERVER_ROOTS.len());
    }

    #[test]
    fn a_machine_with_authorities_believes_them_alone() {
        let own = CertificateDer::from_pem_slice(OWN.as_bytes()).unwrap();
        assert_eq!(authorities(vec![own]).len(), 1);
    }
}
