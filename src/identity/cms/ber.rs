//! How is an untrusted BER message made safe to parse? It is rewritten as DER, within bounds.
//!
//! AWS encodes with indefinite lengths and constructed OCTET STRINGs (X.690 sections 8.1.3.6 and
//! 8.7.3), which strict parsers refuse and lenient ones each read in their own way. Rewriting first
//! leaves one encoding for everything behind it. Depth is bounded here, size by the proof. Knows
//! nothing of what the message means.

/// The deepest nesting. Real messages have up to 11 levels, those with a certificate 10.
const MAX_DEPTH: usize = 16;

const CONSTRUCTED: u8 = 0x20;
const OCTET_STRING: u8 = 0x04;
const HIGH_TAG_NUMBER: u8 = 0x1f;
const INDEFINITE: u8 = 0x80;
const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// Why a message cannot be rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BerError {
    Encoding,
    TooDeep,
    TrailingBytes,
}

/// Rewrites one BER element, and nothing behind it, with definite, minimal lengths and primitive
/// OCTET STRINGs. What is inside primitive values, and the order of sets, is left as it is.
///
/// # Errors
/// [`BerError`] for bytes that are not BER, nested too deeply or followed by others.
pub(super) fn to_der(ber: &[u8]) -> Result<Vec<u8>, BerError> {
    let mut rest = ber;
    let mut der = Vec::with_capacity(ber.len());
    rewrite_element(&mut rest, &mut der, 0)?;
    if rest.is_empty() { Ok(der) } else { Err(BerError::TrailingBytes) }
}

fn rewrite_element(rest: &mut &[u8], der: &mut Vec<u8>, depth: usize) -> Result<(), BerError> {
    if depth >= MAX_DEPTH {
        return Err(BerError::TooDeep);
    }
    let mut tag = take_tag(rest)?;
    let length = take_length(rest)?;
    let begin = der.len();
    if tag & CONSTRUCTED == 0 {
        der.extend_from_slice(take(rest, length.ok_or(BerError::Encoding)?)?);
    } else {
        rewrite_children(rest, length, der, depth)?;
    }
    if tag == OCTET_STRING | CONSTRUCTED {
        join_segments(der, begin)?;
        tag = OCTET_STRING;
    }
    put_header(der, begin, tag)
}

fn rewrite_children(
    rest: &mut &[u8],
    length: Option<usize>,
    der: &mut Vec<u8>,
    depth: usize,
) -> Result<(), BerError> {
    if let Some(length) = length {
        let mut value = take(rest, length)?;
        while !value.is_empty() {
            rewrite_element(&mut value, der, depth + 1)?;
        }
    } else {
        while !rest.starts_with(&END_OF_CONTENTS) {
            rewrite_element(rest, der, depth + 1)?;
        }
        take(rest, END_OF_CONTENTS.len())?;
    }
    Ok(())
}

/// Joins the segments of a constructed OCTET STRING that begin there, already rewritten: each must be
/// one itself.
fn join_segments(der: &mut Vec<u8>, begin: usize) -> Result<(), BerError> {
    let segments = der.split_off(begin);
    let mut rest = segments.as_slice();
    while !rest.is_empty() {
        if take_tag(&mut rest)? != OCTET_STRING {
            return Err(BerError::Encoding);
        }
        let length = take_length(&mut rest)?.ok_or(BerError::Encoding)?;
        der.extend_from_slice(take(&mut rest, length)?);
    }
    Ok(())
}

/// Puts tag and length before the value that begins there, and is the last.
fn put_header(der: &mut Vec<u8>, begin: usize, tag: u8) -> Result<(), BerError> {
    // A longer value is in no message that a proof may hold.
    let length = u16::try_from(der.len() - begin).map_err(|_| BerError::Encoding)?;
    let header: &[u8] = match length.to_be_bytes() {
        [0, low] if low < INDEFINITE => &[tag, low],
        [0, low] => &[tag, 0x81, low],
        [high, low] => &[tag, 0x82, high, low],
    };
    der.splice(begin..begin, header.iter().copied());
    Ok(())
}

/// Neither the tag 0, which only ends contents, nor tags of several bytes have a place in a CMS
/// message.
fn take_tag(rest: &mut &[u8]) -> Result<u8, BerError> {
    let tag = take_byte(rest)?;
    if tag == 0 || tag & HIGH_TAG_NUMBER == HIGH_TAG_NUMBER {
        return Err(BerError::Encoding);
    }
    Ok(tag)
}

/// Takes a length (X.690 section 8.1.3): `None` is the indefinite form.
fn take_length(rest: &mut &[u8]) -> Result<Option<usize>, BerError> {
    let first = take_byte(rest)?;
    if first < INDEFINITE {
        return Ok(Some(usize::from(first)));
    }
    let digits = take(rest, usize::from(first & !INDEFINITE))?;
    match digits {
        [] => Ok(None),
        [high, middle, low] => Ok(Some(usize::from(*high) << 16 | pair(*middle, *low))),
        [high, low] => Ok(Some(pair(*high, *low))),
        [low] => Ok(Some(usize::from(*low))),
        _ => Err(BerError::Encoding),
    }
}

fn pair(high: u8, low: u8) -> usize {
    usize::from(u16::from_be_bytes([high, low]))
}

fn take_byte(rest: &mut &[u8]) -> Result<u8, BerError> {
    let (first, others) = rest.split_first().ok_or(BerError::Encoding)?;
    *rest = others;
    Ok(*first)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], BerError> {
    let (value, others) = rest.split_at_checked(length).ok_or(BerError::Encoding)?;
    *rest = others;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ber_becomes_der() {
        let cases: [(&str, &[u8], &[u8]); 6] = [
            ("primitive", &[4, 1, 7], &[4, 1, 7]),
            ("padded length", &[4, 0x82, 0, 1, 7], &[4, 1, 7]),
            ("indefinite", &[0x30, 0x80, 5, 0, 0, 0], &[0x30, 2, 5, 0]),
            ("empty", &[0x30, 0x80, 0, 0], &[0x30, 0]),
            ("constructed string", &[0x24, 0x80, 4, 1, 7, 4, 1, 8, 0, 0], &[4, 2, 7, 8]),
            ("nested string", &[0x24, 7, 0x24, 2, 4, 0, 4, 1, 8], &[4, 1, 8]),
        ];
        for (what, ber, der) in cases {
            assert_eq!(to_der(ber).as_deref(), Ok(der), "{what}");
        }
    }

    #[test]
    fn what_is_not_ber_is_refused() {
        let cases: [(&str, &[u8]); 9] = [
            ("nothing", &[]),
            ("no length", &[4]),
            ("short value", &[4, 2, 7]),
            ("indefinite primitive", &[4, 0x80, 7, 0, 0]),
            ("no end of contents", &[0x30, 0x80, 5, 0]),
            ("stray end of contents", &[0x30, 2, 0, 0]),
            ("tag of several bytes", &[0x1f, 0x81, 0, 0]),
            ("length of four bytes", &[4, 0x84, 0, 0, 0, 1, 7]),
            ("string of something else", &[0x24, 2, 5, 0]),
        ];
        for (what, ber) in cases {
            assert_eq!(to_der(ber), Err(BerError::Encoding), "{what}");
        }
        assert_eq!(to_der(&[4, 1, 7, 0]), Err(BerError::TrailingBytes));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| {
            let mut ber = [0x30, 0x80].repeat(depth);
            ber.extend([0, 0].repeat(depth));
            to_der(&ber)
        };
        assert!(nested(MAX_DEPTH).is_ok());
        assert_eq!(nested(MAX_DEPTH + 1), Err(BerError::TooDeep));
        assert_eq!(nested(8_000), Err(BerError::TooDeep));
    }

    #[test]
    fn lengths_are_minimal() {
        for (length, header) in [
            (0x7f, vec![4, 0x7f]),
            (0x80, vec![4, 0x81, 0x80]),
            (0xff, vec![4, 0x81, 0xff]),
            (0x100, vec![4, 0x82, 1, 0]),
            (0xffff, vec![4, 0x82, 0xff, 0xff]),
        ] {
            let [_, middle, low] = u32::try_from(length).unwrap().to_be_bytes()[1..] else {
                unreachable!()
            };
            let mut ber = vec![4, 0x83, 0, middle, low];
            ber.resize(5 + length, 7);
            let der = to_der(&ber).unwrap();
            assert!(der.starts_with(&header));
            assert_eq!(der.len(), header.len() + length);
        }
    }
}
