//! Which keys exist, and of which type is each? The answer is `config/default.toml` itself: a key
//! that is shown there exists, and has the type of its default.
//!
//! Knows shapes, not meanings: whether a text is a good URL is its section's question.

use std::collections::BTreeMap;

use super::nearest::nearest;
use super::problem::{Origin, Problems};
use super::tree::{self, Entries, Node, Value};
use super::{enrolment, operator, resource};

/// The built-in defaults, the lowest layer.
pub(super) const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The keys of a table, each with its shape.
pub(super) type Fields = BTreeMap<String, Shape>;

/// What a key takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Text,
    Integer,
    Flag,
    /// A list of texts.
    Texts,
    /// A table with keys of the operator's own choice, and texts for values.
    Labels,
    /// A section.
    Table(Fields),
    /// A list of tables, such as `[[resource]]`.
    Tables(Fields),
}

/// The keys of the whole configuration: those of the defaults, and those of the lists of tables,
/// which have no entry by default and are drawn as templates where they are read.
pub(super) fn schema(problems: &Problems) -> Fields {
    [DEFAULTS, operator::TEMPLATE, resource::TEMPLATE, enrolment::TEMPLATE]
        .into_iter()
        .flat_map(|text| of_template(text, problems))
        .collect()
}

/// The keys that this text shows.
pub(super) fn of_template(text: &str, problems: &Problems) -> Fields {
    Shape::fields(&tree::parse(None, text, problems))
}

impl Shape {
    fn of(value: &Value) -> Self {
        match value {
            Value::Integer(_) => Shape::Integer,
            Value::Flag(_) => Shape::Flag,
            Value::Table(entries) if entries.is_empty() => Shape::Labels,
            Value::Table(entries) => Shape::Table(Self::fields(entries)),
            Value::List(items) => match items.first().map(|item| &item.value) {
                Some(Value::Table(entries)) => Shape::Tables(Self::fields(entries)),
                _ => Shape::Texts,
            },
            Value::Text(_) | Value::Foreign(_) | Value::Wrong => Shape::Text,
        }
    }

    fn fields(entries: &Entries) -> Fields {
        let field = |(key, node): (&String, &Node)| (key.clone(), Self::of(&node.value));
        entries.iter().map(field).collect()
    }

    /// What the key takes, for people.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Shape::Text => "a text in quotes",
            Shape::Integer => "a whole number",
            Shape::Flag => "true or false",
            Shape::Texts => r#"a list of texts, such as ["a", "b"]"#,
            Shape::Labels => r#"a table of texts, such as { team = "build" }"#,
            Shape::Table(_) => "a table with keys of its own",
            Shape::Tables(_) => "a list of tables, each under a header in double brackets",
        }
    }

    /// What a key of this shape is where an entry of a list of tables leaves it out.
    fn blank(&self) -> Value {
        match self {
            Shape::Text => Value::Text(String::new()),
            Shape::Integer => Value::Integer(0),
            Shape::Flag => Value::Flag(false),
            Shape::Texts | Shape::Tables(_) => Value::List(Vec::new()),
            Shape::Labels | Shape::Table(_) => Value::Table(Entries::new()),
        }
    }

    /// The node, with everything in it that is of another shape reported and [`Value::Wrong`].
    fn check(&self, node: Node, key: &str, problems: &Problems) -> Node {
        let Node { value, origin } = node;
        let value = match (self, value) {
            (Shape::Texts, Value::List(items)) => {
                Value::List(check_items(&Shape::Text, items, key, problems))
            }
            (Shape::Table(fields), Value::Table(entries)) => {
                Value::Table(check(fields, entries, key, problems))
            }
            (Shape::Labels, Value::Table(entries)) => {
                Value::Table(check_labels(entries, key, problems))
            }
            (Shape::Tables(fields), Value::List(items)) => {
                let items = check_items(&Shape::Table(fields.clone()), items, key, problems);
                Value::List(items.into_iter().map(|item| fill(fields, item)).collect())
            }
            (Shape::Text, value @ Value::Text(_))
            | (Shape::Integer, value @ Value::Integer(_))
            | (Shape::Flag, value @ Value::Flag(_))
            | (_, value @ Value::Wrong) => value,
            (_, value) => {
                let found = value.describe();
                let text = format!("found {found}; allowed is {}", self.describe());
                problems.push(&origin, key, text);
                Value::Wrong
            }
        };
        Node { value, origin }
    }
}

/// The entries of the table at `key` (empty: of the whole layer) that the schema knows; everything
/// else is reported.
pub(super) fn check(fields: &Fields, entries: Entries, key: &str, problems: &Problems) -> Entries {
    let known = |(name, node): (String, Node)| {
        let key = path(key, &name);
        match fields.get(&name) {
            Some(shape) => Some((name, shape.check(node, &key, problems))),
            None if node.value == Value::Wrong => None,
            None => {
                report_unknown(fields, &name, &node.origin, &key, problems);
                None
            }
        }
    };
    entries.into_iter().filter_map(known).collect()
}

fn check_items(shape: &Shape, items: Vec<Node>, key: &str, problems: &Problems) -> Vec<Node> {
    let check = |item| shape.check(item, key, problems);
    items.into_iter().map(check).collect()
}

fn check_labels(entries: Entries, key: &str, problems: &Problems) -> Entries {
    let check = |(name, node): (String, Node)| {
        let node = Shape::Text.check(node, &path(key, &name), problems);
        (name, node)
    };
    entries.into_iter().map(check).collect()
}

/// An entry of a list of tables with blanks for what it leaves out, at the entry's own place. A list
/// of tables within it has none: whether it may be left out is its section's question.
fn fill(fields: &Fields, mut item: Node) -> Node {
    if let Value::Table(entries) = &mut item.value {
        let blanks = fields.iter().filter(|(_, shape)| !matches!(shape, Shape::Tables(_)));
        for (name, shape) in blanks {
            entries
                .entry(name.clone())
                .or_insert_with(|| Node { value: shape.blank(), origin: item.origin.clone() });
        }
    }
    item
}

/// Reports a key that does not exist, with the keys that do.
pub(super) fn report_unknown(
    fields: &Fields,
    name: &str,
    origin: &Origin,
    key: &str,
    problems: &Problems,
) {
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let guess = match nearest(name, &names) {
        Some(known) => format!("did you mean {known}? "),
        None => String::new(),
    };
    let text = format!("unknown key; {guess}allowed here: {}", names.join(", "));
    problems.push(origin, key, text);
}

/// The key path of `name` under `parent`.
pub(super) fn path(parent: &str, name: &str) -> String {
    match parent {
        "" => name.to_owned(),
        parent => format!("{parent}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn unknown_keys_are_reported_with_the_known_ones() {
        check(
            "htp.listen = 1\n[http]\nzzz = 1\n[identity.aws]\nregion = []\n[[resource]]\nid = 1\n",
            &[
                "a.toml:1: htp: unknown key; did you mean http? allowed here: database, enrolment, http, identity, limits, log, operator, resource, retention, token",
                "a.toml:3: http.zzz: unknown key; allowed here: listen, public_url, workers",
                "a.toml:5: identity.aws.region: unknown key; did you mean regions? allowed here: accept, accounts, enabled, regions, trust",
                "a.toml:6: resource.agents: is missing; 0 to 100 agents belong here",
                "a.toml:6: resource.instance_id: found nothing; an instance id is 1 to 128 characters of A-Z a-z 0-9 . _ : / -",
                "a.toml:6: resource.name: found nothing; a resource name is 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit",
                "a.toml:6: resource.provider: found nothing; a provider is one of aws, azure, google",
                "a.toml:7: resource.id: unknown key; allowed here: account, agents, generation, instance_id, labels, name, provider",
            ],
        );
    }

    #[test]
    fn every_shape_says_what_it_takes() {
        check(
            "http = 1\n[identity.aws]\nenabled = 1\nregions = \"x\"\naccounts = [\n1, \"123456789012\"]\n",
            &[
                "a.toml:1: http: found the number 1; allowed is a table with keys of its own",
                "a.toml:3: identity.aws.enabled: found the number 1; allowed is true or false",
                r#"a.toml:4: identity.aws.regions: found a text; allowed is a list of texts, such as ["a", "b"]"#,
                "a.toml:6: identity.aws.accounts: found the number 1; allowed is a text in quotes",
            ],
        );
        check(
            "operator = [1]\n[resource]\nname = \"x\"",
            &[
                "a.toml:1: operator: found the number 1; allowed is a table with keys of its own",
                "a.toml:2: resource: found a table; allowed is a list of tables, each under a header in double brackets",
            ],
        );
    }
}
