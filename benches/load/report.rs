//! How did it fare? A line for each phase, for people or for programs.

use std::path::Path;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::parts::Parts;
use super::tally::Outcome;

/// How to go on with a broker of one's own.
pub(super) fn prepared(dir: &Path) {
    let dir = std::path::absolute(dir).unwrap();
    let dir = dir.display();
    println!(
        "Run a broker with these keys and machines, and load it with the same --machines and \
         --providers:\n\n  callsign serve --config {dir}/load.toml\n  cargo bench --bench load -- \
         --dir {dir} --url http://127.0.0.1:7480"
    );
}

/// A line while the next phase is under way.
pub(super) fn progress(outcome: &Outcome) {
    eprintln!("{}: {:.0} good answers a second", outcome.phase, outcome.good_per_second());
}

/// Markdown, so that a document can take it over as it is.
pub(super) fn table(outcomes: &[Outcome]) {
    println!(
        "| phase | due/s | good/s | storm/s | others/s | by status | p50 ms | p99 ms | p99.9 ms | \
         max ms | storm's p99 ms | others' p99 ms | broker CPU us | RSS MiB |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for outcome in outcomes {
        println!("| {} |", cells(outcome).join(" | "));
    }
}

fn cells(outcome: &Outcome) -> [String; 14] {
    let tally = &outcome.tally;
    let statuses = tally.statuses.iter().map(|(status, count)| format!("{status}: {count}"));
    let rate = |histogram: &Histogram<u64>| match histogram.len() {
        0 => String::new(),
        _ => format!("{:.0}", outcome.per_second(histogram)),
    };
    let number = |number: Option<f64>| number.map_or_else(String::new, |n| format!("{n:.0}"));
    [
        outcome.phase.to_string(),
        number(outcome.due_per_second),
        rate(&tally.good),
        rate(&tally.storm),
        rate(&tally.other),
        statuses.collect::<Vec<_>>().join(" "),
        milliseconds(&tally.good, 0.5),
        milliseconds(&tally.good, 0.99),
        milliseconds(&tally.good, 0.999),
        milliseconds(&tally.good, 1.0),
        milliseconds(&tally.storm, 0.99),
        milliseconds(&tally.other, 0.99),
        number(microseconds(outcome)),
        number(outcome.resident),
    ]
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
    let tally = &outcome.tally;
    let latencies = |histogram: &Histogram<u64>| {
        let at = |quantile| histogram.value_at_quantile(quantile);
        json!({ "count": histogram.len(), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99),
                "p999": at(0.999), "max": histogram.max() })
    };
    json!({
        "phase": outcome.phase.to_string(),
        "seconds": outcome.time.as_secs_f64(),
        "due_per_second": outcome.due_per_second,
        "good_per_second": outcome.good_per_second(),
        "storm_per_second": outcome.per_second(&tally.storm),
        "statuses": tally.statuses,
        "good_microseconds": latencies(&tally.good),
        "storm_microseconds": latencies(&tally.storm),
        "other_microseconds": latencies(&tally.other),
        "broker_cpu_microseconds_per_answer": microseconds(outcome),
        "broker_resident_mebibytes": outcome.resident,
    })
}

/// Processor time of the brokers for each answer.
fn microseconds(outcome: &Outcome) -> Option<f64> {
    Some(outcome.cpu_of_one()?.as_secs_f64() * 1e6)
}

fn milliseconds(histogram: &Histogram<u64>, quantile: f64) -> String {
    match histogram.len() {
        0 => String::new(),
        _ => format!("{:.1}", histogram.value_at_quantile(quantile) as f64 / 1000.0),
    }
}
