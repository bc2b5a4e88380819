//! What came of each declaration? One line for each, a bar while they are under way, and a count.

use std::collections::BTreeMap;
use std::fmt;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::cli::machine::Machine;
use crate::cli::outcome::{Outcome, print};

/// What came of one declaration.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) what: What,
    pub(super) machine: Machine,
    pub(super) name: String,
    /// The agents, the difference, or the reason of a failure.
    pub(super) note: String,
}

/// The kinds of result, in the order in which they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Created,
    Replaced,
    Changed,
    Unchanged,
    Retired,
    Failed,
}

impl What {
    /// What was done, or would be.
    const fn word(self, dry_run: bool) -> &'static str {
        match (self, dry_run) {
            (What::Created, false) => "created",
            (What::Created, true) => "would create",
            (What::Replaced, false) => "replaced",
            (What::Replaced, true) => "would replace",
            (What::Changed, false) => "changed",
            (What::Changed, true) => "would change",
            (What::Unchanged, _) => "unchanged",
            (What::Retired, false) => "retired",
            (What::Retired, true) => "would retire",
            (What::Failed, false) => "failed",
            (What::Failed, true) => "would fail",
        }
    }
}

/// In whole numbers: the library's own has four decimals.
fn rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    // Nobody draws a bar that cannot be written.
    let _ = write!(out, "{:.0}/s", state.per_sec());
}

/// Tells every line as it comes.
pub(super) struct Report {
    dry_run: bool,
    bar: ProgressBar,
    counts: BTreeMap<What, usize>,
}

impl Report {
    /// A report of this many steps. The bar is drawn on standard error, and only on a terminal.
    pub(super) fn begin(steps: usize, dry_run: bool) -> Self {
        let bar = ProgressBar::new(steps.try_into().unwrap_or(u64::MAX));
        let style =
            ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len}  {rate}  {eta} left");
        if let Ok(style) = style {
            bar.set_style(style.with_key("rate", rate));
        }
        Self { dry_run, bar, counts: BTreeMap::new() }
    }

    pub(super) fn tell(&mut self, line: &Line) -> Outcome {
        *self.counts.entry(line.what).or_default() += 1;
        let Line { what, machine, name, note } = line;
        let (word, width) = (what.word(self.dry_run), if self.dry_run { 13 } else { 9 });
        let text = format!("{word:width$}  {machine}  {name}  {note}");
        let told = self.bar.suspend(|| print(text.trim_end()));
        self.bar.inc(1);
        told
    }

    pub(super) fn failed(&self) -> usize {
        self.counts.get(&What::Failed).copied().unwrap_or_default()
    }

    /// How many lines were told.
    pub(super) fn told(&self) -> usize {
        self.counts.values().sum()
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// The count, as `2 created, 1 unchanged`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts.iter();
        let counts: Vec<String> =
            counts.map(|(what, count)| format!("{count} {}", what.word(self.dry_run))).collect();
        f.write_str(&counts.join(", "))
    }
}
