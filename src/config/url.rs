//! Is this a URL that we can use? Just enough of RFC 3986 for a broker's own few.

use std::net::{IpAddr, Ipv6Addr};

/// The broker's own address as `scheme://host[:port]`, without a trailing slash, because paths are
/// put behind it and tokens are compared with it byte for byte.
///
/// # Errors
/// What is allowed, for any other text.
pub(super) fn address(text: &str) -> Result<String, &'static str> {
    match web(text) {
        Some((_, rest)) if rest.is_empty() || rest == "/" => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("allowed is http(s)://host or http(s)://host:port, without a path"),
    }
}

/// An issuer (RFC 8414, section 2): a web address, perhaps with a path, kept as it is.
///
/// # Errors
/// What is allowed, for any other text.
pub(super) fn issuer(text: &str) -> Result<String, &'static str> {
    match web(text) {
        Some((_, rest)) if !rest.contains(['?', '#']) => Ok(text.to_owned()),
        _ => Err("allowed is an http(s) URL without ? and #, or nothing for public_url"),
    }
}

/// A place to fetch keys from. Whoever can change these keys on their way can log in as anybody,
/// so plain http must not leave the machine.
///
/// # Errors
/// What is allowed, for any other text.
pub(super) fn key_source(text: &str) -> Result<String, &'static str> {
    match web(text) {
        Some((host, _)) if text.starts_with("https://") || is_loopback(host) => Ok(text.to_owned()),
        _ => Err("allowed is an https URL, or http to this machine (127.0.0.1, [::1], localhost)"),
    }
}

/// The host and what follows the authority of a web address, if it is one.
fn web(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at_checked(end)?;
    let plain = rest.chars().all(|c| c.is_ascii_graphic());
    plain.then_some((host(authority)?, rest))
}

/// The host of `host[:port]`, if both are well-formed.
pub(super) fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_is_fine = match bracketed {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        }
    };
    let port_is_fine = port.is_none_or(is_port);
    (host_is_fine && port_is_fine).then_some(host)
}

/// Digits only: `parse` alone would let `+80` through.
fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_host_and_port() {
        for (text, expected) in [
            ("http://127.0.0.1:7480", Some("http://127.0.0.1:7480")),
            ("https://broker.example/", Some("https://broker.example")),
            ("https://[::1]:8443", Some("https://[::1]:8443")),
            ("https://[::1]", Some("https://[::1]")),
            ("", None),
            ("broker.example", None),
            ("ftp://broker.example", None),
            ("https://", None),
            ("https://:80", None),
            ("https://h:", None),
            ("https://h:0", None),
            ("https://h:+80", None),
            ("https://h:70000", None),
            ("https://h//", None),
            ("https://h/path", None),
            ("https://h?q", None),
            ("https://h#f", None),
            ("https://u:p@h", None),
            ("https://h h", None),
            ("https://[::g]", None),
        ] {
            assert_eq!(address(text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_issuer_is_kept_byte_for_byte() {
        for (text, good) in [
            ("https://broker.example/", true),
            ("https://broker.example/tenant", true),
            ("https://broker.example/?a", false),
            ("https://broker.example/a b", false),
            ("callsign", false),
        ] {
            assert_eq!(issuer(text).ok().as_deref(), good.then_some(text), "{text}");
        }
    }

    #[test]
    fn keys_do_not_travel_in_the_clear() {
        for (text, good) in [
            ("https://www.googleapis.com/oauth2/v3/certs", true),
            ("http://127.0.0.1:1338/keys", true),
            ("http://[::1]:1338/keys", true),
            ("http://localhost/keys", true),
            ("http://www.googleapis.com/oauth2/v3/certs", false),
            ("http://localhost.example/keys", false),
            ("file:///keys", false),
        ] {
            assert_eq!(key_source(text).is_ok(), good, "{text}");
        }
    }
}
