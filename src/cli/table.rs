//! How are lists shown? As a table for people, no wider than their terminal, or JSON for programs.

use clap::ValueEnum;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

use super::outcome::{Failure, Outcome, print};

/// The form of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// Columns, for people
    #[default]
    Table,
    /// JSON, for programs
    Json,
}

/// Columns as wide as their widest cell, two spaces apart, the heads first. On a line narrower than
/// that, the widest columns are broken at words.
pub(super) fn table<const N: usize>(
    heads: [&str; N],
    rows: &[[String; N]],
    line: Option<u16>,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(heads).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if let Some(width) = line {
        // The last column's padding is trimmed off again.
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width + 2);
    }
    table.trim_fmt()
}

/// The width of the terminal that standard output is; none where it is a file or a pipe, whose
/// lines must not be broken.
pub(super) fn terminal_width() -> Option<u16> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0)
}

/// Prints a list in the chosen form; an empty one is said in words.
pub(super) fn print_list<T: Serialize, const N: usize>(
    output: Output,
    items: &[T],
    heads: [&str; N],
    row: impl Fn(&T) -> [String; N],
    none: &str,
) -> Outcome {
    match output {
        Output::Json => print_json(&items),
        Output::Table if items.is_empty() => print(none),
        Output::Table => {
            let rows: Vec<[String; N]> = items.iter().map(row).collect();
            print(table(heads, &rows, terminal_width()))
        }
    }
}

/// Prints one JSON value.
pub(super) fn print_json(value: &impl Serialize) -> Outcome {
    print(serde_json::to_string(value).map_err(Failure::new)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> [[String; 2]; 2] {
        [["a".to_owned(), "1".to_owned()], ["long".to_owned(), "2 words".to_owned()]]
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        for line in [None, Some(80), Some(13)] {
            assert_eq!(
                table(["NAME", "N"], &rows(), line),
                "NAME  N\na     1\nlong  2 words",
                "{line:?}"
            );
        }
        assert_eq!(table(["NAME", "N"], &[], None), "NAME  N");
    }

    #[test]
    fn a_narrow_line_breaks_cells_at_words() {
        let broken = "NAME  N\na     1\nlong  2\n      words";
        assert_eq!(table(["NAME", "N"], &rows(), Some(11)), broken);
    }
}
