//! How is a signed JSON document read, so that nobody can read it in another way?
//!
//! Two parsers that disagree about a duplicate member disagree about who was vouched for, so a
//! duplicate is refused at any level (RFC 8259 section 4 leaves it open). Nesting is bounded
//! before parsing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

/// The deepest nesting. AWS's documents have two levels.
const MAX_DEPTH: usize = 8;

/// Why a document cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Nested deeper than any real document.
    #[error("it is nested too deeply")]
    TooDeep,
    /// Not JSON (RFC 8259).
    #[error("it is not JSON")]
    NotJson,
    /// Two members of one object have the same name.
    #[error("a member occurs twice")]
    DuplicateMember,
    /// JSON, but no object.
    #[error("it is not a JSON object")]
    NotAnObject,
}

impl JsonError {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::TooDeep => "document-too-deep",
            Self::NotJson => "document-not-json",
            Self::DuplicateMember => "document-duplicate-member",
            Self::NotAnObject => "document-not-an-object",
        }
    }
}

/// A JSON object without ambiguities. It borrows from the document what is written there as it is.
#[derive(Debug)]
pub(super) struct Object<'a>(BTreeMap<Cow<'a, str>, Value<'a>>);

impl<'a> Object<'a> {
    /// Parses a document.
    ///
    /// # Errors
    /// [`JsonError`] for anything but one unambiguous, bounded object.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, JsonError> {
        if depth(bytes) > MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(JsonError::NotAnObject),
            // The visitor below takes every type, so its only complaint is a duplicate.
            Err(error) if error.classify() == Category::Data => Err(JsonError::DuplicateMember),
            Err(_) => Err(JsonError::NotJson),
        }
    }

    /// Finds a member that is a string.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Finds a member that is an integer, written as one: `1.0` and `1e3` are none.
    pub(super) fn integer(&self, name: &str) -> Option<i128> {
        match self.0.get(name) {
            Some(Value::Integer(integer)) => Some(*integer),
            _ => None,
        }
    }

    /// Finds a member that is an object.
    pub(super) fn object(&self, name: &str) -> Option<&Self> {
        match self.0.get(name) {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// Finds a member that is an array, and gives those of its elements that are objects.
    pub(super) fn objects(&self, name: &str) -> Option<impl Iterator<Item = &Self>> {
        let Some(Value::Array(elements)) = self.0.get(name) else { return None };
        Some(elements.iter().filter_map(|element| match element {
            Value::Object(object) => Some(object),
            _ => None,
        }))
    }

    /// Whether there is a member of this name, of any type.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Counts the deepest nesting of brackets outside strings, whether or not the rest is JSON.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[derive(Debug)]
enum Value<'a> {
    Text(Cow<'a, str>),
    Integer(i128),
    Object(Object<'a>),
    Array(Vec<Value<'a>>),
    Other,
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate members")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            match members.entry(name) {
                Entry::Vacant(place) => place.insert(value),
                Entry::Occupied(_) => return Err(A::Error::custom("a member occurs twice")),
            };
        }
        Ok(Value::Object(Object(members)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<Value<'de>, E> {
        Ok(Value::Integer(integer.into()))
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<Value<'de>, E> {
        Ok(Value::Integer(integer.into()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }
}

/// A member's name: a `Cow` that stands alone is always owned when serde makes it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_unambiguous_object_is_read() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(8), "]".repeat(8));
        let cases = [
            (r#"{"a":{"b":1,"b":1}}"#, JsonError::DuplicateMember),
            (r#"{"a":[{"b":1,"b":1}]}"#, JsonError::DuplicateMember),
            (r#"{"a":1,"\u0061":2}"#, JsonError::DuplicateMember),
            (deep.as_str(), JsonError::TooDeep),
            ("[]", JsonError::NotAnObject),
            ("null", JsonError::NotAnObject),
            ("", JsonError::NotJson),
            ("{} {}", JsonError::NotJson),
            ("{'a':1}", JsonError::NotJson),
            ("\u{feff}{}", JsonError::NotJson),
            (r#"{"a":"\ud800"}"#, JsonError::NotJson),
        ];
        for (text, error) in cases {
            assert_eq!(Object::parse(text.as_bytes()).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn text_is_found_among_members_of_every_type() {
        let text = br#"{"a":"x","b":null,"c":[1,-1,1.5,true,"]["],"d":{"a":"y"}}"#;
        let object = Object::parse(text).unwrap();
        assert_eq!(object.text("a"), Some("x"));
        for other in ["b", "c", "d", "e"] {
            assert_eq!(object.text(other), None, "{other}");
        }
    }

    #[test]
    fn only_what_is_written_as_an_integer_is_one() {
        let text = br#"{"a":-1,"b":18446744073709551615,"c":1.0,"d":1e3,"e":"1","f":36893488147419103232}"#;
        let object = Object::parse(text).unwrap();
        assert_eq!(object.integer("a"), Some(-1));
        assert_eq!(object.integer("b"), Some(u64::MAX.into()));
        for other in ["c", "d", "e", "f", "g"] {
            assert_eq!(object.integer(other), None, "{other}");
        }
    }

    #[test]
    fn objects_are_found_in_objects_and_in_arrays() {
        let object = Object::parse(br#"{"a":{"b":"x"},"c":[1,{"b":"y"},[],{"b":"z"}]}"#).unwrap();
        assert_eq!(object.object("a").and_then(|inner| inner.text("b")), Some("x"));
        let texts: Vec<_> =
            object.objects("c").unwrap().filter_map(|each| each.text("b")).collect();
        assert_eq!(texts, ["y", "z"]);
        assert!(object.objects("a").is_none() && object.object("c").is_none());
        assert!(object.has("c") && !object.has("b"));
    }

    #[test]
    fn brackets_in_strings_are_no_nesting() {
        assert_eq!(depth(br#"{"[[[[[\"[[[[":"\\"}"#), 1);
    }
}
