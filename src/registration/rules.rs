//! What makes a declaration a good one? The rules that hold for files and API alike.

use std::collections::BTreeMap;

use super::declaration::AgentSpec;
use crate::names::{PLAIN_NAME, Provider, is_plain};

/// More agents than one machine runs: a longer list is a mistake.
pub const MOST_AGENTS: usize = 100;
const MOST_LABELS: usize = 32;
const LONGEST_LABEL: usize = 256;
const LONGEST_TEXT: usize = 128;

/// An account as the cloud's documents tell it: Azure writes the same subscription in either case,
/// so it is held in lower case, as it is proven.
///
/// # Errors
/// As [`short_text`].
pub fn account(provider: Provider, text: &str) -> Result<String, String> {
    let account = short_text(text)?;
    Ok(match provider {
        Provider::Azure => account.to_ascii_lowercase(),
        Provider::Aws | Provider::Google => account,
    })
}

/// A generation: a short text on one line.
///
/// # Errors
/// What is allowed.
pub fn short_text(text: &str) -> Result<String, String> {
    match text.chars().count() <= LONGEST_TEXT && !text.contains(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(format!("allowed are {LONGEST_TEXT} characters on one line")),
    }
}

/// Everything that is wrong with these labels.
pub fn label_faults(labels: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults = Vec::new();
    if labels.len() > MOST_LABELS {
        faults.push(format!("found {} labels; {MOST_LABELS} are allowed", labels.len()));
    }
    for (key, value) in labels {
        if !is_plain(key) {
            faults.push(format!("found {key:?}; a label's key is {PLAIN_NAME}"));
        }
        if value.chars().count() > LONGEST_LABEL {
            faults.push(format!("the value of {key:?} is longer than {LONGEST_LABEL} characters"));
        }
    }
    faults
}

/// What is wrong with the parent of one of these agents. Sub-agents have no sub-agents, so there
/// are no cycles either.
pub fn parent_fault(agent: &AgentSpec, agents: &[AgentSpec]) -> Option<String> {
    let parent = agent.parent.as_ref()?;
    let fault = match agents.iter().find(|other| other.name == *parent) {
        Some(other) if other.parent.is_none() => return None,
        Some(_) => "is a sub-agent itself; a parent is an agent without a parent",
        None => "is not an agent of this resource",
    };
    Some(format!("found \"{parent}\", which {fault}"))
}
