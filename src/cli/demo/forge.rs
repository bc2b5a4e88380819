//! How is a proof forged, as far as one can without the cloud's key? By another character in the
//! id of the machine: everything stays well-formed, and only the signature tells.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Changes the character behind `marker` in a message in base64.
pub(super) fn in_base64(text: &str, marker: &[u8]) -> Option<String> {
    let packed: String = text.split_ascii_whitespace().collect();
    let forged = changed(STANDARD.decode(packed).ok()?, marker)?;
    Some(STANDARD.encode(forged))
}

/// Changes the character behind `marker` in the body of a signed token.
pub(super) fn in_jwt(text: &str, marker: &[u8]) -> Option<String> {
    let (header, rest) = text.split_once('.')?;
    let (body, signature) = rest.split_once('.')?;
    let forged = URL_SAFE_NO_PAD.encode(changed(URL_SAFE_NO_PAD.decode(body).ok()?, marker)?);
    Some(format!("{header}.{forged}.{signature}"))
}

fn changed(mut bytes: Vec<u8>, marker: &[u8]) -> Option<Vec<u8>> {
    let found = bytes.windows(marker.len()).position(|window| window == marker)?;
    let character = bytes.get_mut(found + marker.len())?;
    *character = if *character == b'1' { b'2' } else { b'1' };
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_of_the_id_differs_and_nothing_else() {
        let genuine = br#"{"id":"1a","z":1}"#.to_vec();
        let forged = br#"{"id":"2a","z":1}"#.to_vec();
        assert_eq!(changed(genuine.clone(), br#""id":""#), Some(forged.clone()));
        assert_eq!(changed(genuine.clone(), br#""other":""#), None);

        let in_lines = STANDARD.encode(&genuine).replacen('e', "e\n", 1);
        assert_eq!(in_base64(&in_lines, br#""id":""#), Some(STANDARD.encode(&forged)));

        let token = |body: &[u8]| format!("h.{}.s", URL_SAFE_NO_PAD.encode(body));
        assert_eq!(in_jwt(&token(&genuine), br#""id":""#), Some(token(&forged)));
    }
}
