//! How did it fare? A line for each phase, for people or for programs.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::parts::Parts;
use super::phase::Outcome;

/// A line while the next phase is under way.
pub(super) fn progress(outcome: &Outcome) {
    eprintln!("{}: {:.0} good answers a second", outcome.name, outcome.good_per_second());
}

/// Markdown, so that a document can take it over as it is.
pub(super) fn table(outcomes: &[Outcome]) {
    println!(
        "| phase | due/s | answers/s | good/s | by status | p50 ms | p99 ms | p99.9 ms | max ms | \
         others' p99 ms | broker CPU us | RSS MiB |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for outcome in outcomes {
        let statuses = outcome.statuses.iter().map(|(status, count)| format!("{status}: {count}"));
        let cells = [
            outcome.name.clone(),
            outcome.due_per_second.map_or_else(String::new, |rate| format!("{rate:.0}")),
            format!("{:.0}", outcome.answered() as f64 / outcome.time.as_secs_f64()),
            format!("{:.0}", outcome.good_per_second()),
            statuses.collect::<Vec<_>>().join(" "),
            milliseconds(&outcome.good, 0.5),
            milliseconds(&outcome.good, 0.99),
            milliseconds(&outcome.good, 0.999),
            milliseconds(&outcome.good, 1.0),
            milliseconds(&outcome.other, 0.99),
            cpu(outcome).map_or_else(String::new, |cpu| format!("{cpu:.1}")),
            outcome.resident.map_or_else(String::new, |mebibytes| format!("{mebibytes:.0}")),
        ];
        println!("| {} |", cells.join(" | "));
    }
}

/// The parts of a login beside the whole of it: `http` for each answer to `GET /healthz`, `whole`
/// for each login.
pub(super) fn parts(parts: &Parts, http: Duration, whole: Duration) {
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    let sum = http + parts.sum();
    println!(
        "\n| part of a login | processor time us |\n|---|---|\n\
         | HTTP: `GET /healthz` | {:.1} |\n\
         | base64, CMS, RSA, JSON | {:.1} |\n\
         | one indexed lookup | {:.1} |\n\
         | claims and signature | {:.1} |\n\
         | share of a grouped insert | {:.1} |\n\
         | **sum** | {:.1} |\n\
         | the whole login | {:.1}: {:.2} times the sum |",
        us(http),
        us(parts.check),
        us(parts.lookup),
        us(parts.signature),
        us(parts.insert),
        us(sum),
        us(whole),
        whole.as_secs_f64() / sum.as_secs_f64()
    );
}

pub(super) fn json(outcomes: &[Outcome]) {
    let phases: Vec<Value> = outcomes.iter().map(phase).collect();
    println!("{}", json!({ "phases": phases }));
}

fn phase(outcome: &Outcome) -> Value {
    let latencies = |histogram: &Histogram<u64>| {
        let at = |quantile| histogram.value_at_quantile(quantile);
        json!({ "count": histogram.len(), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99),
                "p999": at(0.999), "max": histogram.max() })
    };
    json!({
        "phase": outcome.name,
        "seconds": outcome.time.as_secs_f64(),
        "due_per_second": outcome.due_per_second,
        "good_per_second": outcome.good_per_second(),
        "statuses": outcome.statuses,
        "good_microseconds": latencies(&outcome.good),
        "other_microseconds": latencies(&outcome.other),
        "broker_cpu_microseconds_per_answer": cpu(outcome),
        "broker_resident_mebibytes": outcome.resident,
    })
}

/// Processor time of the broker for each answer, in microseconds.
fn cpu(outcome: &Outcome) -> Option<f64> {
    Some(outcome.cpu_of_one()?.as_secs_f64() * 1e6)
}

fn milliseconds(histogram: &Histogram<u64>, quantile: f64) -> String {
    match histogram.len() {
        0 => String::new(),
        _ => format!("{:.1}", histogram.value_at_quantile(quantile) as f64 / 1000.0),
    }
}
