//! What does a broker see when all its agents come back to it?
//!
//! `cargo bench --bench storm`
//!
//! Thousands of agents lose their broker for a while and come back. Each agent goes by the schedule
//! of `callsign agent` itself (its watch, renewal and backoff); the clock and the broker are
//! simulated, so that hours take seconds, and the same seed brings the same storm. A line of the
//! table for each storm, and a histogram of what arrives in which second.

#![expect(clippy::indexing_slicing, reason = "a benchmark that cannot run says so")]

mod broker;
mod fleet;
mod outcome;
mod report;
mod scenario;

use std::time::Duration;

use clap::Parser;

use outcome::Outcome;
use scenario::Terms;

#[derive(Debug, Parser)]
#[command(name = "storm", about = "Tells what a broker sees when its agents come back to it")]
struct Args {
    /// Agents of the one broker
    #[arg(long, default_value_t = 10_000)]
    agents: usize,
    /// Requests that the broker answers in a second; those beyond it get a 503
    #[arg(long, default_value_t = 4_000)]
    capacity: u32,
    /// How long a token is good
    #[arg(long, default_value = "1h", value_parser = span)]
    lifetime: Duration,
    /// How long an agent waits for its first token
    #[arg(long, default_value = "5m", value_parser = span)]
    wait: Duration,
    /// Where chance begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// For programs: every second of every storm
    #[arg(long)]
    json: bool,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    callsign::duration::parse(text).ok_or_else(|| "such as 90s, 5m or 1h".to_owned())
}

fn main() {
    let args = Args::parse();
    let terms = Terms {
        agents: args.agents,
        capacity: args.capacity,
        lifetime: args.lifetime,
        wait: args.wait,
        seed: args.seed,
    };
    let played: Vec<Outcome> =
        scenario::all(&terms).iter().map(|storm| storm.play(&terms)).collect();
    if args.json {
        println!("{}", report::json(&terms, &played));
        return;
    }
    report::table(&played);
    played.iter().for_each(report::histogram);
}
