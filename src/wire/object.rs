//! What is an object? In JSON only what stands in braces; serde would read a struct from an array as
//! well, member by member, which nobody means.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, de};

/// Reads a list of objects, for `deserialize_with`.
pub(super) fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    reader: D,
) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(reader)?;
    Ok(objects.into_iter().map(|Object(read)| read).collect())
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(Members(PhantomData)).map(Self)
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Members<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ResourceDeclaration;

    #[test]
    fn an_agent_is_read_from_an_object_only() {
        let read = |agents: &str| {
            let text = format!("{{\"name\": \"n\", \"agents\": {agents}}}");
            serde_json::from_str::<ResourceDeclaration>(&text).map(|read| read.agents.len())
        };
        for (agents, count) in [
            ("[]", 0),
            (r#"[{"name": "main"}]"#, 1),
            (r#"[{"name": "main"}, {"name": "sub", "parent": "main"}]"#, 2),
        ] {
            assert_eq!(read(agents).unwrap(), count, "{agents}");
        }
        for agents in
            [r#"[["main"]]"#, r#"[["main", null]]"#, r#"["main"]"#, "[null]", r#"{"name": "main"}"#]
        {
            assert!(read(agents).is_err(), "{agents}");
        }
        let unknown = read(r#"[{"name": "main", "nmae": ""}]"#).unwrap_err().to_string();
        assert!(unknown.contains("unknown field `nmae`"), "{unknown}");
    }
}
