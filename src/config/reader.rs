//! How does a section get at its keys? Typed reads that report what they refuse and go on, so that
//! a section reads all its keys before it builds itself.
//!
//! Knows no key; `None` means "reported already", everywhere.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use super::problem::{Origin, Problems};
use super::schema::path;
use super::tree::{Entries, Node, Value};

static NOTHING: Entries = Entries::new();

/// A table of the merged configuration, or one entry of a list of tables.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    /// The key path of the section in problems.
    key: &'a str,
    entries: &'a Entries,
    origin: &'a Origin,
    problems: &'a Problems,
}

impl<'a> Section<'a> {
    /// The whole configuration.
    pub(super) fn root(entries: &'a Entries, problems: &'a Problems) -> Self {
        Self { key: "", entries, origin: &Origin::Default, problems }
    }

    /// The section of this full key path, whose last part is the name in this table.
    pub(super) fn section(self, key: &'a str) -> Section<'a> {
        let name = key.rsplit('.').next().unwrap_or(key);
        match self.entries.get(name) {
            Some(node) => self.inner(key, node),
            None => Section { key, entries: &NOTHING, ..self },
        }
    }

    /// The entries of the list of tables of this full key path.
    pub(super) fn tables(self, key: &'a str) -> impl Iterator<Item = Section<'a>> {
        let name = key.rsplit('.').next().unwrap_or(key);
        let items = match self.entries.get(name).map(|node| &node.value) {
            Some(Value::List(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().map(move |item| self.inner(key, item))
    }

    /// Whether the key is there.
    pub(super) fn has(self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// How many items a list has; none for a list that is no list.
    pub(super) fn count(self, name: &str) -> Option<usize> {
        match &self.entries.get(name)?.value {
            Value::List(items) => Some(items.len()),
            _ => None,
        }
    }

    fn inner(self, key: &'a str, node: &'a Node) -> Section<'a> {
        let entries = match &node.value {
            Value::Table(entries) => entries,
            _ => &NOTHING,
        };
        Section { key, entries, origin: &node.origin, ..self }
    }

    /// A key's text, read by `parse`, whose error says what is allowed.
    pub(super) fn parse<T, E: Display>(
        self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.parse_at(name, |text, _| parse(text))
    }

    /// Like [`parse`](Self::parse), for a text whose meaning depends on where it stands.
    pub(super) fn parse_at<T, E: Display>(
        self,
        name: &str,
        parse: impl FnOnce(&str, &Origin) -> Result<T, E>,
    ) -> Option<T> {
        self.read(name, self.entries.get(name)?, found, parse)
    }

    /// Like [`parse_at`](Self::parse_at), for a text that a problem must not repeat: `found` says
    /// what may be said about it.
    pub(super) fn parse_secret<T, E: Display>(
        self,
        name: &str,
        found: impl FnOnce(&str) -> String,
        parse: impl FnOnce(&str, &Origin) -> Result<T, E>,
    ) -> Option<T> {
        self.read(name, self.entries.get(name)?, found, parse)
    }

    /// A list's texts, each read by `parse`; each that it refuses is reported.
    pub(super) fn list<T, E: Display>(
        self,
        name: &str,
        parse: impl Fn(&str, &Origin) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let Value::List(items) = &self.entries.get(name)?.value else {
            return None;
        };
        let read = |item| self.read(name, item, found, &parse);
        // All of them are read before the first `None` ends the collection.
        let items: Vec<Option<T>> = items.iter().map(read).collect();
        items.into_iter().collect()
    }

    fn read<T, E: Display>(
        self,
        name: &str,
        node: &Node,
        found: impl FnOnce(&str) -> String,
        parse: impl FnOnce(&str, &Origin) -> Result<T, E>,
    ) -> Option<T> {
        let Value::Text(text) = &node.value else {
            return None;
        };
        parse(text, &node.origin)
            .map_err(|rule| {
                let text = format!("found {}; {rule}", found(text));
                self.problems.push(&node.origin, &path(self.key, name), text);
            })
            .ok()
    }

    /// A key that is true or false.
    pub(super) fn flag(self, name: &str) -> Option<bool> {
        match self.entries.get(name)?.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// A whole number within `range`.
    pub(super) fn integer(self, name: &str, range: RangeInclusive<usize>) -> Option<usize> {
        let Value::Integer(number) = self.entries.get(name)?.value else {
            return None;
        };
        let inside = usize::try_from(number).ok().filter(|number| range.contains(number));
        if inside.is_none() {
            let (least, most) = (range.start(), range.end());
            self.problem(
                name,
                format!("found {number}; a number from {least} to {most} is allowed"),
            );
        }
        inside
    }

    /// The texts of a table with keys of the operator's choice.
    pub(super) fn labels(self, name: &str) -> Option<BTreeMap<String, String>> {
        let Value::Table(entries) = &self.entries.get(name)?.value else {
            return None;
        };
        let label = |(key, node): (&String, &Node)| match &node.value {
            Value::Text(text) => Some((key.clone(), text.clone())),
            _ => None,
        };
        entries.iter().map(label).collect()
    }

    /// Reports what is wrong with a key.
    pub(super) fn problem(self, name: &str, text: impl Into<String>) {
        self.problems.push(self.origin_of(name), &path(self.key, name), text);
    }

    /// Where a key's value came from; for a key that is missing, where the section begins.
    pub(super) fn origin_of(self, name: &str) -> &'a Origin {
        self.entries.get(name).map_or(self.origin, |node| &node.origin)
    }

    /// The list if it has an item; an empty one is reported with what belongs into it.
    pub(super) fn not_empty<T>(
        self,
        name: &str,
        list: Option<Vec<T>>,
        rule: &str,
    ) -> Option<Vec<T>> {
        let list = list?;
        if list.is_empty() {
            self.problem(name, format!("found an empty list; {rule}"));
            return None;
        }
        Some(list)
    }

    /// Whether `value` is the first of its kind; a second is reported with the place of the first.
    pub(super) fn is_first<K: Ord + Display>(
        self,
        name: &str,
        value: K,
        seen: &mut BTreeMap<K, &'a Origin>,
    ) -> bool {
        let origin = self.origin_of(name);
        match seen.get(&value) {
            Some(first) => {
                self.problem(
                    name,
                    format!("{value} stands at {first} already; each may be there once"),
                );
                false
            }
            None => {
                seen.insert(value, origin);
                true
            }
        }
    }
}

fn found(text: &str) -> String {
    match text {
        "" => "nothing".to_owned(),
        text => format!("{text:?}"),
    }
}
