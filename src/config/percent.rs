//! How does a path stand in a URL? Percent-encoding (RFC 3986, section 2.1).

use std::path::Path;

/// Whether a byte stands for itself in the path of a URL, whichever parser reads it.
pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._~/+-".contains(&byte)
}

/// A path as it stands in a URL.
pub(super) fn encode(path: &Path) -> String {
    let encode = |byte: &u8| match is_plain(*byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    path.as_os_str().as_encoded_bytes().iter().map(encode).collect()
}

/// The path that stands in a URL; a `%` without two hex digits stands for itself.
pub(super) fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(b'%'));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_comes_back() {
        for (path, encoded) in
            [("/srv/callsign/a.db", "/srv/callsign/a.db"), ("a b?c#d%é", "a%20b%3Fc%23d%25%C3%A9")]
        {
            assert_eq!(encode(Path::new(path)), encoded);
            assert_eq!(decode(encoded), path);
        }
        for odd in ["100%", "%zz", "%é", "%+1"] {
            assert_eq!(decode(odd), odd);
        }
    }
}
