//! What does a storm look like? A line of the table for each, and its arrivals as a histogram.

use std::time::Duration;

use serde_json::{Value, json};

use super::broker::Second;
use super::outcome::Outcome;
use super::scenario::Terms;

/// Seconds in a bar.
const BIN: u64 = 5;

/// How much is shown before the broker goes and after it is back, and of both ends of its absence.
const BEFORE: u64 = 30;
const AFTER: u64 = 120;
const MIDDLE: u64 = 60;

/// Characters of the longest bar.
const WIDTH: f64 = 50.0;

/// Markdown, so that a document can take it over as it is.
pub(super) fn table(played: &[Outcome]) {
    println!(
        "| storm | lost it | calm, mean/s | before, most/s | return, most/s | times calm | logins of it, \
         most/s | later, most/s | last is back after | failed logins | expired tokens | gave up |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for outcome in played {
        println!("| {} |", cells(outcome).join(" | "));
    }
}

fn cells(outcome: &Outcome) -> [String; 12] {
    let fate = outcome.fate;
    [
        outcome.scenario.name.to_owned(),
        fate.lost.to_string(),
        format!("{:.0}", outcome.calm_mean()),
        outcome.peak_before().to_string(),
        outcome.peak().to_string(),
        format!("{:.2}", outcome.ratio()),
        outcome.peak_of_logins().to_string(),
        outcome.peak_afterwards().to_string(),
        format!("{:.0} s", outcome.until_last().as_secs_f64()),
        fate.failed_logins.to_string(),
        fate.expired.to_string(),
        fate.ended.to_string(),
    ]
}

/// Arrivals a second in bars of five seconds, around the absence: `#` is for logins, `=` for
/// heartbeats.
pub(super) fn histogram(outcome: &Outcome) {
    let away = &outcome.broker.away;
    let (gone, back) = (away.start.as_secs(), away.end.as_secs());
    let first = gone.saturating_sub(BEFORE);
    // What lies in the middle of a long absence is left out.
    let shown = |bin: &u64| *bin < gone + MIDDLE || *bin + MIDDLE >= back;
    let bins = (first..back + AFTER).step_by(BIN as usize).filter(shown);
    let bars: Vec<Bar> = bins.map(|bin| Bar::new(outcome, bin)).collect();
    let longest = bars.iter().map(|bar| bar.mean(Second::requests)).fold(1.0, f64::max);
    println!(
        "\n{}: seconds since the return, arrivals a second (mean, most)\n",
        outcome.scenario.name
    );
    for bar in bars {
        let length = |of: fn(Second) -> u32| (bar.mean(of) / longest * WIDTH).round() as usize;
        println!(
            "{:>6} {:>6.0} {:>6} {} {}{}",
            bar.at as i64 - back as i64,
            bar.mean(Second::requests),
            bar.seconds.iter().map(|second| second.requests()).max().unwrap_or_default(),
            if (gone..back).contains(&bar.at) { "x" } else { "|" },
            "#".repeat(length(|second| second.logins)),
            "=".repeat(length(|second| second.beats)),
        );
    }
}

/// A few seconds together.
struct Bar {
    at: u64,
    seconds: Vec<Second>,
}

impl Bar {
    fn new(outcome: &Outcome, at: u64) -> Self {
        let when = Duration::from_secs(at)..Duration::from_secs(at + BIN);
        Self { at, seconds: outcome.broker.between(when).collect() }
    }

    fn mean(&self, of: fn(Second) -> u32) -> f64 {
        f64::from(self.seconds.iter().copied().map(of).sum::<u32>()) / BIN as f64
    }
}

/// The same for programs: arrivals second by second, from the first agent's start.
pub(super) fn json(terms: &Terms, played: &[Outcome]) -> Value {
    let storms: Vec<Value> = played.iter().map(storm).collect();
    json!({"agents": terms.agents, "capacity": terms.capacity, "seed": terms.seed, "storms": storms})
}

fn storm(outcome: &Outcome) -> Value {
    let (fate, away) = (outcome.fate, &outcome.broker.away);
    let seconds: Vec<Second> = outcome.broker.between(Duration::ZERO..outcome.end()).collect();
    json!({
        "name": outcome.scenario.name,
        "away_from": away.start.as_secs(),
        "back_at": away.end.as_secs(),
        "calm_mean": outcome.calm_mean(),
        "peak_before": outcome.peak_before(),
        "peak": outcome.peak(),
        "peak_of_logins": outcome.peak_of_logins(),
        "peak_afterwards": outcome.peak_afterwards(),
        "seconds_until_last_is_back": outcome.until_last().as_secs_f64(),
        "lost": fate.lost,
        "failed_logins": fate.failed_logins,
        "expired": fate.expired,
        "ended": fate.ended,
        "logins": seconds.iter().map(|second| second.logins).collect::<Vec<_>>(),
        "heartbeats": seconds.iter().map(|second| second.beats).collect::<Vec<_>>(),
    })
}
