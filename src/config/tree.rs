//! What does a layer say? TOML text as a tree whose every node knows where it stands.
//!
//! Knows TOML, and no key of ours: what may be said is `schema`'s question.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::problem::{Origin, Problems};

/// The entries of a table, by key.
pub(super) type Entries = BTreeMap<String, Node>;

/// A value and where it stands: the line of its key, or its own in a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// What a layer can say.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Flag(bool),
    List(Vec<Node>),
    Table(Entries),
    /// A value that no key of ours takes, described for people.
    Foreign(String),
    /// A value that was reported already; whoever meets it keeps silent.
    Wrong,
}

impl Value {
    /// What was found, for people. A text is not quoted: it may be a secret in the wrong place.
    pub(super) fn describe(&self) -> String {
        match self {
            Value::Text(_) => "a text".to_owned(),
            Value::Integer(number) => format!("the number {number}"),
            Value::Flag(flag) => flag.to_string(),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
            Value::Foreign(what) => what.clone(),
            Value::Wrong => "a broken value".to_owned(),
        }
    }
}

/// Reads one file's text; with no path, the built-in defaults. Every syntax error is reported, at
/// most one a line, and what stands on the other lines is read all the same.
pub(super) fn parse(path: Option<&Path>, text: &str, problems: &Problems) -> Entries {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut source = Source::new(path, text);
    for error in &errors {
        let line = source.line(error.span().map_or(0, |span| span.start));
        if source.broken.insert(line) {
            // Only the parser's words: its rendering quotes the line, which may hold a password.
            let fault = format!("is no TOML: {}", error.message());
            problems.push(&source.origin(line), key_on(text, line), fault);
        }
    }
    source.entries(table.get_ref())
}

/// What stands before the equals sign of a line, if it is a key.
fn key_on(text: &str, line: usize) -> &str {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    let is_key = key.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if is_key { key } else { "" }
}

/// One text on its way from offsets to lines.
struct Source {
    path: Option<Arc<Path>>,
    /// The offset of each line feed.
    line_feeds: Vec<usize>,
    /// The lines with syntax errors. The parser recovers by guessing, and a guess is no value.
    broken: BTreeSet<usize>,
}

impl Source {
    fn new(path: Option<&Path>, text: &str) -> Self {
        Self {
            path: path.map(Arc::from),
            line_feeds: text.match_indices('\n').map(|(at, _)| at).collect(),
            broken: BTreeSet::new(),
        }
    }

    fn line(&self, offset: usize) -> usize {
        self.line_feeds.partition_point(|at| *at < offset) + 1
    }

    fn origin(&self, line: usize) -> Origin {
        match &self.path {
            None => Origin::Default,
            Some(path) => Origin::File { path: Arc::clone(path), line: Some(line) },
        }
    }

    fn is_broken(&self, span: Range<usize>) -> bool {
        let lines = self.line(span.start)..=self.line(span.end);
        self.broken.range(lines).next().is_some()
    }

    fn entries(&self, table: &DeTable<'_>) -> Entries {
        table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), self.node(value, key.span())))
            .collect()
    }

    fn node(&self, value: &Spanned<DeValue<'_>>, place: Range<usize>) -> Node {
        let broken = self.is_broken(value.span());
        let value = match value.get_ref() {
            DeValue::Table(table) => Value::Table(self.entries(table)),
            _ if broken => Value::Wrong,
            DeValue::Array(array) => {
                let items = array.iter().map(|item| self.node(item, item.span()));
                Value::List(items.collect())
            }
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(number) => integer(number),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Float(number) => Value::Foreign(format!("the number {number}")),
            DeValue::Datetime(time) => Value::Foreign(format!("the time {time}")),
        };
        Node { value, origin: self.origin(self.line(place.start)) }
    }
}

fn integer(number: &DeInteger<'_>) -> Value {
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) => Value::Integer(number),
        Err(_) => Value::Foreign(format!("the number {number}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    /// Every node with its line, keys joined by dots and items by numbers.
    fn places(text: &str) -> Vec<(String, usize)> {
        fn walk(key: String, node: &Node, into: &mut Vec<(String, usize)>) {
            match &node.value {
                Value::Table(entries) => {
                    for (name, node) in entries {
                        walk(format!("{key}.{name}"), node, into);
                    }
                }
                Value::List(items) => {
                    for (index, node) in items.iter().enumerate() {
                        walk(format!("{key}.{index}"), node, into);
                    }
                }
                _ => {}
            }
            if let Origin::File { line: Some(line), .. } = node.origin {
                into.push((key, line));
            }
        }
        let mut places = Vec::new();
        for (name, node) in parse(Some(Path::new("a.toml")), text, &Problems::default()) {
            walk(name, &node, &mut places);
        }
        places
    }

    #[test]
    fn every_value_knows_its_line() {
        let text = "[a.b]\nc.d = 1\n\n[[r]]\nl = [1,\n 2]\n[[r]]\n[[r.s]]\nn = \"é\"\n";
        let expected = [
            ("a.b.c.d", 2),
            ("a.b.c", 2),
            ("a.b", 1),
            ("a", 1),
            ("r.0.l.0", 5),
            ("r.0.l.1", 6),
            ("r.0.l", 5),
            ("r.0", 4),
            ("r.1.s.0.n", 9),
            ("r.1.s.0", 8),
            ("r.1.s", 8),
            ("r.1", 7),
            ("r", 4),
        ];
        let expected: Vec<_> = expected.map(|(key, line)| (key.to_owned(), line)).into();
        assert_eq!(places(text), expected);
    }

    #[test]
    fn what_stands_on_other_lines_than_a_syntax_error_is_read_all_the_same() {
        check(
            "[http]\nworkers = \nlisten = 1\n[log\nformat = 5\n[token]\naudience = [\"a\", b]\nissuer = 1\nhello world\n",
            &[
                "a.toml:2: workers: is no TOML: string values must be quoted, expected literal string",
                "a.toml:3: http.listen: found the number 1; allowed is a text in quotes",
                "a.toml:4: is no TOML: unclosed table, expected `]`",
                "a.toml:7: audience: is no TOML: string values must be quoted, expected literal string",
                "a.toml:8: token.issuer: found the number 1; allowed is a text in quotes",
                "a.toml:9: is no TOML: key with no value, expected `=`",
            ],
        );
        check(
            "[http]\nworkers = 1\nworkers = 2\n[http]\n",
            &[
                "a.toml:3: workers: is no TOML: duplicate key",
                "a.toml:4: is no TOML: duplicate key",
            ],
        );
    }

    #[test]
    fn values_that_no_key_takes_are_named() {
        for (text, found) in [
            ("workers = 1.5", "the number 1.5"),
            ("workers = 1979-05-27", "the time 1979-05-27"),
            ("workers = 99999999999999999999", "the number 99999999999999999999"),
            ("workers = true", "true"),
            ("workers = []", "a list"),
            ("workers = {}", "a table"),
        ] {
            let expected =
                format!("a.toml:2: http.workers: found {found}; allowed is a whole number");
            check(&format!("[http]\n{text}"), &[&expected]);
        }
    }
}
