//! Which certificates does an attested document lack? Those that its certificates say where to find
//! (RFC 5280 section 4.2.2.1).
//!
//! A help for the broker, which opens no connection on a caller's behalf. Nothing is decided here:
//! what is fetched is as untrusted as the rest of the login, so no certificate is parsed, and what
//! goes wrong leaves a certificate out.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::exchange::bounded;

/// Authorities between a signer and a root, at most: Azure has two.
const MOST: usize = 4;

/// A certificate is smaller.
const MOST_BYTES: usize = 8 * 1024;

/// `id-ad-caIssuers` as an OBJECT IDENTIFIER in DER, and the head of the URI that follows it.
const CA_ISSUERS: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2, 0x86];

/// The certificates above the signer of this base64 message, base64 DER each.
pub(super) async fn intermediates(http: &reqwest::Client, message: &str) -> Vec<String> {
    let compact: String = message.split_whitespace().collect();
    let Ok(message) = BASE64_STANDARD.decode(compact) else { return Vec::new() };
    let mut wanted = issuer_urls(&message);
    let (mut asked, mut found) = (Vec::new(), Vec::new());
    while let Some(url) = wanted.pop() {
        if asked.len() == MOST {
            break;
        }
        if asked.contains(&url) {
            continue;
        }
        if let Some(certificate) = fetch(http, &url).await {
            wanted.extend(issuer_urls(&certificate));
            found.push(BASE64_STANDARD.encode(certificate));
        }
        asked.push(url);
    }
    found
}

async fn fetch(http: &reqwest::Client, url: &str) -> Option<Vec<u8>> {
    let response = http.get(url).send().await.ok()?;
    let is_good = response.status().is_success();
    let bytes = bounded(response).await.ok()??;
    // A DER SEQUENCE with two bytes of length: a certificate, and no page of text.
    let is_der = bytes.starts_with(&[0x30, 0x82]);
    (is_good && is_der && bytes.len() <= MOST_BYTES).then_some(bytes)
}

/// Where the certificates in these bytes say that their issuers' are; over plain HTTP, as is the
/// rule for them: TLS would need the certificates that are looked for.
fn issuer_urls(bytes: &[u8]) -> Vec<String> {
    let ends = bytes.windows(CA_ISSUERS.len()).enumerate();
    let ends =
        ends.filter(|(_, window)| *window == CA_ISSUERS).map(|(at, _)| at + CA_ISSUERS.len());
    let uris = ends.filter_map(|end| {
        let (length, rest) = bytes.get(end..)?.split_first()?;
        // The short form of a length ends at 127.
        let uri = (*length < 0x80).then_some(rest)?.get(..usize::from(*length))?;
        std::str::from_utf8(uri).ok()
    });
    uris.filter(|uri| uri.starts_with("http://")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(uri: &str) -> Vec<u8> {
        let length = u8::try_from(uri.len()).unwrap();
        [b"before", CA_ISSUERS, &[length], uri.as_bytes(), b"after"].concat()
    }

    #[test]
    fn only_plain_http_is_followed_and_broken_bytes_name_nothing() {
        let good = "http://authority.example/issuing.crt";
        assert_eq!(issuer_urls(&naming(good)), [good]);
        assert_eq!(issuer_urls(&[naming(good), naming(good)].concat()).len(), 2);
        for bad in ["https://authority.example/a", "ldap://a", "file:///etc/passwd"] {
            assert_eq!(issuer_urls(&naming(bad)), Vec::<String>::new(), "{bad}");
        }
        let cut = naming(good);
        for end in 0..cut.len() - b"after".len() {
            assert_eq!(issuer_urls(&cut[..end]), Vec::<String>::new(), "{end}");
        }
    }
}
