//! What is in effect, and where did it come from? The answer of `callsign config show`.
//!
//! Holds what may be printed and nothing else: secrets are shortened or hidden by their sections.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::Path;

use super::problem::Origin;
use super::tree::{Entries, Value};
use crate::registration::AgentSpec;

/// Where each value of a configuration came from: by key path, and `resource[2]` for an entry.
pub(super) type Origins = BTreeMap<String, Origin>;

/// Gathers the origins of a merged configuration.
pub(super) fn origins(parent: &str, entries: &Entries, into: &mut Origins) {
    for (name, node) in entries {
        let key = super::schema::path(parent, name);
        match &node.value {
            Value::Table(entries) => origins(&key, entries, into),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    into.insert(format!("{key}[{index}]"), item.origin.clone());
                }
            }
            _ => {}
        }
        into.insert(key, node.origin.clone());
    }
}

/// One key with its value in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The section, as `identity.aws`, or the entry of a list of tables, as `resource[2]`.
    pub section: String,
    /// The key in its section.
    pub key: String,
    /// The value as TOML, without secrets.
    pub value: String,
    /// Where the value came from; in an entry of a list of tables, where the entry begins.
    pub origin: Origin,
}

/// Every key with its value in effect and its origin. Printed, it is TOML with the origins as
/// comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective(Vec<Setting>);

impl Effective {
    /// The settings, in the order of `config/default.toml`.
    pub fn settings(&self) -> &[Setting] {
        &self.0
    }
}

impl Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for setting in &self.0 {
            if setting.section != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                section = &setting.section;
                match section.split_once('[') {
                    Some((list, _)) => writeln!(f, "{gap}[[{list}]]")?,
                    None => writeln!(f, "{gap}[{section}]")?,
                }
            }
            let Setting { key, value, origin, .. } = setting;
            writeln!(f, "{key} = {value}  # {origin}")?;
        }
        Ok(())
    }
}

/// Takes down what the sections show.
pub(super) struct Show<'a> {
    origins: &'a Origins,
    section: String,
    settings: Vec<Setting>,
}

impl<'a> Show<'a> {
    pub(super) fn new(origins: &'a Origins) -> Self {
        Self { origins, section: String::new(), settings: Vec::new() }
    }

    pub(super) fn finish(self) -> Effective {
        Effective(self.settings)
    }

    pub(super) fn section(&mut self, key: &str) {
        self.section = key.to_owned();
    }

    pub(super) fn entry(&mut self, list: &str, index: usize) {
        self.section = format!("{list}[{index}]");
    }

    /// A number or a flag: something that TOML writes without quotes.
    pub(super) fn plain(&mut self, key: &str, value: impl Display) {
        let path = format!("{}.{key}", self.section);
        let origin = self.origins.get(&path).or_else(|| self.origins.get(&self.section));
        self.settings.push(Setting {
            section: self.section.clone(),
            key: key.to_owned(),
            value: value.to_string(),
            origin: origin.cloned().unwrap_or(Origin::Default),
        });
    }

    pub(super) fn text(&mut self, key: &str, value: impl Display) {
        self.plain(key, quote(value));
    }

    pub(super) fn path(&mut self, key: &str, value: Option<&Path>) {
        self.text(key, value.unwrap_or(Path::new("")).display());
    }

    pub(super) fn texts(&mut self, key: &str, values: impl IntoIterator<Item: Display>) {
        let values: Vec<String> = values.into_iter().map(quote).collect();
        self.plain(key, format!("[{}]", values.join(", ")));
    }

    pub(super) fn labels(&mut self, key: &str, values: &BTreeMap<String, String>) {
        let pair = |(key, value): (&String, &String)| format!("{} = {}", quote(key), quote(value));
        self.plain(key, inline(values.iter().map(pair).collect()));
    }

    pub(super) fn agents(&mut self, key: &str, agents: &[AgentSpec]) {
        let agent = |AgentSpec { name, parent }: &AgentSpec| {
            let name = Some(format!("name = {}", quote(name)));
            let parent = parent.as_ref().map(|parent| format!("parent = {}", quote(parent)));
            inline(name.into_iter().chain(parent).collect())
        };
        let agents: Vec<String> = agents.iter().map(agent).collect();
        self.plain(key, format!("[{}]", agents.join(", ")));
    }
}

fn inline(pairs: Vec<String>) -> String {
    match pairs.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{ {} }}", pairs.join(", ")),
    }
}

fn quote(text: impl Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}
