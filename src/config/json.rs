//! What does a JSON text say? The tree that TOML would make, with JSON Pointers for places.
//!
//! Knows JSON, and no key of ours. For declarations only: a configuration is TOML.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::problem::{Origin, Problems};
use super::tree::{Entries, Node, Value};

/// Whether a text can only be JSON: TOML begins with no brace, and with a bracket only before a
/// table's name.
pub(super) fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let in_list = text.strip_prefix('[').map(str::trim_start);
    text.starts_with('{') || in_list.is_some_and(|item| item.starts_with(['{', ']']))
}

/// Reads a whole text; what is no JSON is reported.
pub(super) fn parse(path: &Path, text: &str, problems: &Problems) -> Option<Node> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let place = Place { path, pointer: String::new(), problems };
    let node = place.deserialize(&mut reader).and_then(|node| reader.end().map(|()| node));
    node.map_err(|error| {
        let origin = Origin::File { path: path.into(), line: Some(error.line()) };
        // The position is told already, as a line.
        let fault = error.to_string();
        let fault = fault.split(" at line ").next().unwrap_or_default();
        problems.push(&origin, "", format!("is no JSON: {fault}"));
    })
    .ok()
}

/// Where in the text the reader stands (RFC 6901).
struct Place<'a> {
    path: &'a Path,
    pointer: String,
    problems: &'a Problems,
}

impl Place<'_> {
    fn inner(&self, step: impl fmt::Display) -> Self {
        Self { pointer: format!("{}/{step}", self.pointer), ..*self }
    }

    fn origin(&self) -> Origin {
        let path = match self.pointer.as_str() {
            "" => self.path.to_owned(),
            pointer => PathBuf::from(format!("{}#{pointer}", self.path.display())),
        };
        Origin::File { path: path.into(), line: None }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Node, D::Error> {
        let origin = self.origin();
        Ok(Node { value: reader.deserialize_any(self)?, origin })
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Foreign("null".to_owned()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        let large = |_| Value::Foreign(format!("the number {number}"));
        Ok(i64::try_from(number).map_or_else(large, Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Foreign(format!("the number {number}")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self.inner(items.len()))? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut entries = Entries::new();
        while let Some(name) = object.next_key::<String>()? {
            let place = self.inner(name.replace('~', "~0").replace('/', "~1"));
            let (origin, problems) = (place.origin(), place.problems);
            let node = object.next_value_seed(place)?;
            if entries.insert(name.clone(), node).is_some() {
                problems.push(&origin, &name, "is no JSON: duplicate member");
            }
        }
        Ok(Value::Table(entries))
    }
}
