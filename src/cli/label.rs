//! Which labels does one choose by? `KEY=VALUE`.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::names::{PLAIN_NAME, is_plain};

/// A label and the value that it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    key: String,
    value: String,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("type it as KEY=VALUE")?;
        match is_plain(key) {
            true => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            false => Err(format!("a label's key is {PLAIN_NAME}")),
        }
    }
}

/// Whether all of these labels are there.
pub(super) fn bears(labels: &BTreeMap<String, String>, wanted: &[Label]) -> bool {
    wanted.iter().all(|label| labels.get(&label.key) == Some(&label.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_chosen_by_all_of_the_labels() {
        let labels = BTreeMap::from([("team".to_owned(), "a=b".to_owned())]);
        let label = |text: &str| text.parse::<Label>().unwrap();
        assert!(bears(&labels, &[label("team=a=b")]));
        assert!(!bears(&labels, &[label("team=a=b"), label("stage=")]));
        assert!(!bears(&labels, &[label("team=")]));
        for wrong in ["team", "=x", "a b=x"] {
            assert!(wrong.parse::<Label>().is_err(), "{wrong}");
        }
    }
}
