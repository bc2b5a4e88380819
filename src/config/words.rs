//! Which of a few words is it? Keys whose values are one of a fixed list, such as `text | json`.

use super::problem::Origin;

/// Reads one of a few words; the error names them all.
pub(super) fn word<T: Copy>(words: &[(&str, T)]) -> impl Fn(&str, &Origin) -> Result<T, String> {
    move |text, _| {
        let meant = words.iter().find(|(word, _)| *word == text);
        meant.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            format!("allowed is {}", words.join(", "))
        })
    }
}

/// The word for a value; the other way round of [`word`].
pub(super) fn word_of<'w, T: PartialEq>(words: &[(&'w str, T)], value: &T) -> &'w str {
    let meant = words.iter().find(|(_, known)| known == value);
    meant.map_or("", |(word, _)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_and_written_by_one_table() {
        let words = [("one", 1), ("two", 2)];
        assert_eq!(word(&words)("two", &Origin::Default), Ok(2));
        assert_eq!(word_of(&words, &2), "two");
        let refused = word(&words)("Two", &Origin::Default);
        assert_eq!(refused, Err("allowed is one, two".to_owned()));
    }
}
