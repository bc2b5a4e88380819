//! What is wrong with a configuration, and where? Problems are gathered, never thrown one by one:
//! whoever repairs a file wants to repair it once.
//!
//! Knows no key and no rule; it must never be handed a secret, because problems are printed.

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The built-in `config/default.toml`.
    Default,
    /// A file given with `--config`.
    File {
        /// The path as it was given.
        path: Arc<Path>,
        /// The line, from 1; none when the file as a whole is meant.
        line: Option<usize>,
    },
    /// An environment variable, by its name.
    Variable(Arc<str>),
}

impl Origin {
    /// The path that a text of this origin means: relative ones start at the folder of the file
    /// that names them, or at the working directory where no file does.
    pub(super) fn resolve(&self, text: &str) -> PathBuf {
        match self {
            Origin::File { path, .. } => path.parent().unwrap_or(Path::new("")).join(text),
            Origin::Default | Origin::Variable(_) => PathBuf::from(text),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line: None } => write!(f, "{}", path.display()),
            Origin::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Origin::Variable(name) => f.write_str(name),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// The key, as `identity.aws.regions`; empty when no key is to blame.
    pub key: String,
    /// What was found and what is allowed, for people.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.origin, self.text),
            key => write!(f, "{}: {key}: {}", self.origin, self.text),
        }
    }
}

/// Everything that is wrong with a configuration: at least one problem, in the order of files,
/// lines and variables. Printed, it is one line a problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ConfigErrors(Vec<Problem>);

impl ConfigErrors {
    /// The problems, in the order in which they are printed.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

/// The place where every stage leaves what it finds wrong, and goes on.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn push(&self, origin: &Origin, key: &str, text: impl Into<String>) {
        self.0.borrow_mut().push(Problem {
            origin: origin.clone(),
            key: key.to_owned(),
            text: text.into(),
        });
    }

    /// What was built, if nothing was found wrong on the way.
    ///
    /// # Errors
    /// All the problems that were pushed.
    pub(super) fn conclude<T>(self, built: Option<T>) -> Result<T, ConfigErrors> {
        let mut problems = self.0.into_inner();
        match built {
            Some(built) if problems.is_empty() => Ok(built),
            _ => {
                problems.sort();
                Err(ConfigErrors(problems))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, line: usize) -> Origin {
        Origin::File { path: Path::new(path).into(), line: Some(line) }
    }

    #[test]
    fn a_relative_path_starts_at_the_folder_of_its_file() {
        let variable = Origin::Variable("CALLSIGN_A__B".into());
        for (origin, text, expected) in [
            (file("/etc/callsign/a.toml", 1), "t.toml", "/etc/callsign/t.toml"),
            (file("conf/a.toml", 1), "../t.toml", "conf/../t.toml"),
            (file("a.toml", 1), "t.toml", "t.toml"),
            (file("conf/a.toml", 1), "/t.toml", "/t.toml"),
            (variable, "t.toml", "t.toml"),
            (Origin::Default, "t.toml", "t.toml"),
        ] {
            assert_eq!(origin.resolve(text), Path::new(expected), "{origin} {text}");
        }
    }

    #[test]
    fn problems_are_sorted_by_file_line_and_variable() {
        let problems = Problems::default();
        problems.push(&Origin::Variable("CALLSIGN_A__B".into()), "a.b", "3");
        problems.push(&file("b.toml", 12), "", "2");
        problems.push(&file("b.toml", 9), "x", "1");
        let errors = problems.conclude(Some(())).unwrap_err();
        assert_eq!(errors.to_string(), "b.toml:9: x: 1\nb.toml:12: 2\nCALLSIGN_A__B: a.b: 3");
    }
}
