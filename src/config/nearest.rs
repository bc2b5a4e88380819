//! Which word was meant? The one that a misspelt word is nearest to.

/// More changes than this, and two words are two words.
const MOST_CHANGES: usize = 2;

/// The known word that `word` was probably meant to be.
pub(super) fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let distances = known.iter().map(|known| (distance(known, word), *known));
    let (changes, known) = distances.min()?;
    (changes <= MOST_CHANGES && changes < word.chars().count()).then_some(known)
}

/// How many characters must be put in, left out or replaced to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for ((b, above), diagonal) in to.chars().zip(row.iter().skip(1)).zip(&row) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(a != b));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_single_changes() {
        for (from, to, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("listen", "lissten", 1),
            ("listen", "lsiten", 2),
            ("region", "regions", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
            assert_eq!(distance(to, from), expected, "{to} {from}");
        }
    }

    #[test]
    fn a_short_word_is_not_taken_for_another() {
        assert_eq!(nearest("lissten", &["listen", "workers"]), Some("listen"));
        assert_eq!(nearest("x", &["a", "b"]), None);
        assert_eq!(nearest("zzz", &["listen"]), None);
    }
}
