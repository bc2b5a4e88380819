//! How are tags, lengths and values put together? (X.690 section 8.1)
//!
//! Encodes whatever it is told, also what no reader should accept: tests craft messages with it.

use der::asn1::ObjectIdentifier;

/// The tags that signed messages and certificates use.
pub mod tag {
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// OCTET STRING in segments.
    pub const CONSTRUCTED_OCTET_STRING: u8 = 0x24;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    /// PrintableString.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// SEQUENCE and SEQUENCE OF.
    pub const SEQUENCE: u8 = 0x30;
    /// SET and SET OF.
    pub const SET: u8 = 0x31;
    /// `[0]` around other elements.
    pub const CONTEXT_0: u8 = 0xa0;
    /// `[1]` around other elements.
    pub const CONTEXT_1: u8 = 0xa1;
}

/// An element with a definite length.
pub fn definite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let digits: Vec<u8> =
        value.len().to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
    let mut element = vec![tag];
    match digits.as_slice() {
        [] => element.push(0),
        [low] if *low < 0x80 => element.push(*low),
        // A length has at most 8 digits, so the count fits into the byte.
        more => {
            element.push(0x80 | u8::try_from(more.len()).unwrap_or(0x7f));
            element.extend_from_slice(more);
        }
    }
    element.extend_from_slice(&value);
    element
}

/// A constructed element with an indefinite length, closed by an end of contents.
pub fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut element = vec![tag, 0x80];
    element.extend_from_slice(&parts.concat());
    element.extend_from_slice(&[0, 0]);
    element
}

/// A SEQUENCE with a definite length.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    definite(tag::SEQUENCE, parts)
}

/// A SET with a definite length, its elements as given.
pub fn set(parts: &[&[u8]]) -> Vec<u8> {
    definite(tag::SET, parts)
}

/// An OCTET STRING in one piece.
pub fn octet_string(value: &[u8]) -> Vec<u8> {
    definite(tag::OCTET_STRING, &[value])
}

/// An INTEGER from 0 to 127.
pub fn small_integer(value: u8) -> Vec<u8> {
    definite(tag::INTEGER, &[&[value & 0x7f]])
}

/// An OBJECT IDENTIFIER.
pub fn object_identifier(oid: ObjectIdentifier) -> Vec<u8> {
    definite(tag::OBJECT_IDENTIFIER, &[oid.as_bytes()])
}

/// NULL.
pub fn null() -> Vec<u8> {
    definite(tag::NULL, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minimal_or_indefinite() {
        assert_eq!(null(), [5, 0]);
        assert_eq!(octet_string(&[7; 0x7f])[..2], [4, 0x7f]);
        assert_eq!(octet_string(&[7; 0x80])[..3], [4, 0x81, 0x80]);
        assert_eq!(octet_string(&[7; 0x100])[..4], [4, 0x82, 1, 0]);
        assert_eq!(indefinite(tag::SEQUENCE, &[&null(), &null()]), [0x30, 0x80, 5, 0, 5, 0, 0, 0]);
    }
}
