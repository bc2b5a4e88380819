//! What does the environment say? Variables such as `CALLSIGN_HTTP__LISTEN`, as one more layer.
//!
//! Is handed the variables and never reads them itself. A value is typed by its key, not by its
//! looks: the text `00123` stays the text `00123`.

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::problem::{Origin, Problems};
use super::schema::{Fields, Shape, report_unknown};
use super::tree::{Entries, Node, Value};

const PREFIX: &str = "CALLSIGN_";

/// Variables of other parts that look like a section's key written with one underscore.
const OTHERS: [&str; 6] = [
    "CALLSIGN_URL",
    "CALLSIGN_AUTH",
    "CALLSIGN_AGENT_NAME",
    "CALLSIGN_TOKEN_FILE",
    "CALLSIGN_AZURE_METADATA_ENDPOINT",
    "CALLSIGN_SEALING_KEY",
];

/// Reads the layer of the environment; whatever does not fit the schema is reported and left out.
pub(super) fn read(
    fields: &Fields,
    variables: impl IntoIterator<Item = (String, String)>,
    problems: &Problems,
) -> Entries {
    let mut layer = Entries::new();
    for (name, text) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let rest = rest.to_ascii_lowercase();
        let variable = Variable {
            origin: Origin::Variable(Arc::from(name.as_str())),
            key: rest.replace("__", "."),
            text: &text,
            problems,
        };
        if rest.contains("__") {
            let path: Vec<&str> = rest.split("__").collect();
            variable.place(fields, &mut layer, &path);
        } else if !OTHERS.contains(&name.as_str()) {
            variable.check_underscores(fields, &rest);
        }
    }
    layer
}

/// One variable on its way to its place in the layer.
struct Variable<'a> {
    origin: Origin,
    key: String,
    text: &'a str,
    problems: &'a Problems,
}

impl Variable<'_> {
    fn place(&self, fields: &Fields, layer: &mut Entries, path: &[&str]) {
        let Some((name, below)) = path.split_first() else {
            return;
        };
        match fields.get(*name) {
            None => report_unknown(fields, name, &self.origin, &self.key, self.problems),
            Some(Shape::Table(fields)) if !below.is_empty() => {
                let section = layer.entry((*name).to_owned()).or_insert_with(|| Node {
                    value: Value::Table(Entries::new()),
                    origin: self.origin.clone(),
                });
                if let Value::Table(entries) = &mut section.value {
                    self.place(fields, entries, below);
                }
            }
            Some(shape) => {
                let value = self.value(shape, below);
                let origin = self.origin.clone();
                layer.insert((*name).to_owned(), Node { value, origin });
            }
        }
    }

    fn value(&self, shape: &Shape, below: &[&str]) -> Value {
        let parsed = match shape {
            _ if !below.is_empty() => None,
            Shape::Text => Some(Value::Text(self.text.to_owned())),
            Shape::Integer => self.text.parse().ok().map(Value::Integer),
            Shape::Flag => self.text.parse().ok().map(Value::Flag),
            Shape::Texts => self.texts(),
            Shape::Labels | Shape::Table(_) | Shape::Tables(_) => None,
        };
        parsed.unwrap_or_else(|| {
            self.problems.push(&self.origin, &self.key, self.advice(shape, below));
            Value::Wrong
        })
    }

    /// The items of a TOML list of texts.
    fn texts(&self) -> Option<Value> {
        let list = DeValue::parse(self.text).ok()?;
        let item = |item: &Spanned<DeValue<'_>>| {
            Some(Node {
                value: Value::Text(item.get_ref().as_str()?.to_owned()),
                origin: self.origin.clone(),
            })
        };
        let items: Option<Vec<Node>> = list.get_ref().as_array()?.iter().map(item).collect();
        items.map(Value::List)
    }

    fn advice(&self, shape: &Shape, below: &[&str]) -> String {
        match shape {
            Shape::Table(_) => {
                "a section: one of its keys follows after two underscores".to_owned()
            }
            Shape::Tables(_) | Shape::Labels => "can be given in files only".to_owned(),
            shape if !below.is_empty() => {
                format!("has no keys below it; it is {}", shape.describe())
            }
            shape => format!("found {:?}; allowed is {}", self.text, shape.describe()),
        }
    }

    /// `CALLSIGN_HTTP_LISTEN` would be ignored without a word, and its author would look for long.
    fn check_underscores(&self, fields: &Fields, rest: &str) {
        let is_section =
            |name: &String| rest.strip_prefix(name).is_some_and(|r| r.starts_with('_'));
        if fields.keys().any(is_section) {
            let meant = with_two_underscores(fields, rest).unwrap_or("section__key".to_owned());
            let meant = format!("{PREFIX}{meant}").to_ascii_uppercase();
            let text = format!("two underscores stand between section and key: {meant}");
            self.problems.push(&self.origin, "", text);
        }
    }
}

/// The key path whose parts were joined with one underscore, joined with two.
fn with_two_underscores(fields: &Fields, rest: &str) -> Option<String> {
    fields.iter().find_map(|(name, shape)| {
        let below = rest.strip_prefix(name)?;
        match (shape, below.strip_prefix('_')) {
            (Shape::Table(fields), Some(below)) => {
                Some(format!("{name}__{}", with_two_underscores(fields, below)?))
            }
            _ => below.is_empty().then(|| name.clone()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::schema;
    use super::*;

    /// The only value of the layer of one variable, or its only problem.
    fn read_one(name: &str, text: &str) -> Result<Option<Value>, String> {
        fn only(entries: Entries) -> Option<Value> {
            match entries.into_values().next()?.value {
                Value::Table(entries) => only(entries),
                value => Some(value),
            }
        }
        let problems = Problems::default();
        let fields = schema(&problems);
        let layer = read(&fields, [(name.to_owned(), text.to_owned())], &problems);
        let layer = problems.conclude(Some(layer)).map_err(|errors| errors.to_string())?;
        Ok(only(layer))
    }

    #[test]
    fn a_value_has_the_type_of_its_key() {
        for (name, text, expected) in [
            ("CALLSIGN_TOKEN__ISSUER", "00123", Value::Text("00123".to_owned())),
            ("CALLSIGN_TOKEN__ISSUER", "", Value::Text(String::new())),
            ("CALLSIGN_TOKEN__ISSUER", "[\"a\"]", Value::Text("[\"a\"]".to_owned())),
            ("CALLSIGN_HTTP__WORKERS", "8", Value::Integer(8)),
            ("CALLSIGN_IDENTITY__AWS__ENABLED", "false", Value::Flag(false)),
            ("CALLSIGN_IDENTITY__AWS__REGIONS", "[]", Value::List(Vec::new())),
        ] {
            assert_eq!(read_one(name, text), Ok(Some(expected)), "{name}={text}");
        }
        let list = read_one("CALLSIGN_IDENTITY__AWS__REGIONS", r#"["a", "b"]"#);
        assert!(matches!(list, Ok(Some(Value::List(items))) if items.len() == 2));
    }

    #[test]
    fn a_value_of_another_type_is_a_problem() {
        let texts = r#"allowed is a list of texts, such as ["a", "b"]"#;
        for (name, text, expected) in [
            ("HTTP__WORKERS", "x", r#"http.workers: found "x"; allowed is a whole number"#.to_owned()),
            ("IDENTITY__AWS__ENABLED", "1", r#"identity.aws.enabled: found "1"; allowed is true or false"#.to_owned()),
            ("IDENTITY__AWS__REGIONS", "a,b", format!(r#"identity.aws.regions: found "a,b"; {texts}"#)),
            ("IDENTITY__AWS__REGIONS", "[1]", format!(r#"identity.aws.regions: found "[1]"; {texts}"#)),
            ("IDENTITY__AWS", "x", "identity.aws: a section: one of its keys follows after two underscores".to_owned()),
            ("HTTP__LISTEN__X", "x", "http.listen.x: has no keys below it; it is a text in quotes".to_owned()),
            ("RESOURCE__0__NAME", "x", "resource.0.name: can be given in files only".to_owned()),
            ("HTTP__LISSEN", "x", "http.lissen: unknown key; did you mean listen? allowed here: listen, public_url, workers".to_owned()),
        ] {
            let name = format!("CALLSIGN_{name}");
            let expected = format!("{name}: {expected}");
            assert_eq!(read_one(&name, text), Err(expected), "{name}={text}");
        }
    }

    #[test]
    fn variables_of_others_are_left_alone() {
        for name in OTHERS {
            assert_eq!(read_one(name, "x"), Ok(None), "{name}");
        }
        for name in [
            "HTTP__LISTEN",
            "CALLSIGN_PORT",
            "CALLSIGN_SERVICE_HOST",
            "CALLSIGN_PORT_7480_TCP",
            "CALLSIGN_HTTPS_X",
        ] {
            assert_eq!(read_one(name, "x"), Ok(None), "{name}");
        }
    }

    #[test]
    fn a_single_underscore_is_a_problem() {
        for (name, right) in [
            ("CALLSIGN_HTTP_LISTEN", "CALLSIGN_HTTP__LISTEN"),
            ("CALLSIGN_TOKEN_LIFETIME", "CALLSIGN_TOKEN__LIFETIME"),
            ("CALLSIGN_IDENTITY_AWS_REGIONS", "CALLSIGN_IDENTITY__AWS__REGIONS"),
            ("CALLSIGN_IDENTITY_CLOCK_LEEWAY", "CALLSIGN_IDENTITY__CLOCK_LEEWAY"),
            ("CALLSIGN_HTTP_PORT_80_TCP", "CALLSIGN_SECTION__KEY"),
        ] {
            let expected =
                format!("{name}: two underscores stand between section and key: {right}");
            assert_eq!(read_one(name, "x"), Err(expected));
        }
    }
}
