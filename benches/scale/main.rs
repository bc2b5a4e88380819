//! Does a login cost the same, however many machines are registered?
//!
//! `cargo bench --bench scale -- 1000 100000 1000000`
//!
//! Registers so many machines with two agents each, in one SQLite file a size, and then lets machines
//! of all files log in, one file after the other, over and over: what disturbs the machine meanwhile
//! disturbs all sizes alike. No HTTP: a login is the broker's whole flow, with the durability that
//! it runs with. Then it starts the program on each file and waits until it answers, and at the
//! largest lets machines log in while expired tokens are removed.
//!
//! `--apply 100000` instead registers so many machines by `callsign apply` with a served broker.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run says so"
)]

mod apply;
mod fill;
mod program;
mod removal;
mod scene;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use scene::Scene;

#[derive(Debug, Parser)]
#[command(name = "scale", about = "Tells what logins cost beside how many registered machines")]
struct Args {
    /// Registered machines, each with two agents
    #[arg(default_values_t = [1_000, 10_000])]
    machines: Vec<usize>,
    /// Register so many machines by `callsign apply` instead
    #[arg(long, value_name = "MACHINES")]
    apply: Option<usize>,
    /// Requests of `callsign apply` under way at once
    #[arg(long, default_value_t = 16)]
    parallel: usize,
    /// Where the databases are made, and kept if it is given; by default a temporary folder
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Times that each size is measured; the median is told
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Machines that log in, spread over all that are registered
    #[arg(long, default_value_t = 1_000)]
    logins: usize,
    /// Logins under way at once, where it is their rate that counts
    #[arg(long, default_value_t = 64)]
    together: usize,
    /// Expired tokens that are removed while machines log in
    #[arg(long, default_value_t = 100_000)]
    expired: usize,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let args = Args::parse();
    let temporary = tempfile::tempdir().unwrap();
    let dir = args.dir.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&dir).unwrap();
    actix_web::rt::System::new().block_on(async {
        match args.apply {
            Some(machines) => apply::run(&dir, machines, args.parallel),
            None => Box::pin(run(&dir, &args)).await,
        }
    });
}

/// What was measured at one size.
#[derive(Default)]
struct Measured {
    alone: Vec<Duration>,
    alone_p99: Vec<Duration>,
    rates: Vec<f64>,
}

async fn run(dir: &std::path::Path, args: &Args) {
    let mut scenes = Vec::new();
    for machines in &args.machines {
        let scene = Scene::set(dir, *machines, args.logins).await;
        fill::register(&scene).await;
        scenes.push(scene);
    }
    let mut measured: Vec<Measured> = scenes.iter().map(|_| Measured::default()).collect();
    for round in 0..=args.rounds {
        for (scene, measured) in scenes.iter().zip(&mut measured) {
            let mut latencies = scene.log_in_alone().await;
            let rate = scene.log_in_together(args.together).await;
            // The first round warms up.
            if round > 0 {
                latencies.sort_unstable();
                measured.alone.push(latencies[latencies.len() / 2]);
                measured.alone_p99.push(latencies[latencies.len() * 99 / 100]);
                measured.rates.push(rate);
            }
        }
        eprintln!("round {round} of {}", args.rounds);
    }
    if let Some(largest) = scenes.last()
        && args.expired > 0
    {
        removal::run(largest, args.expired).await;
    }
    let mut starts = Vec::new();
    for scene in scenes {
        let file = scene.stop().await;
        starts.push(program::starts(&file, args.rounds));
    }
    tell(args, measured, starts);
}

fn tell(args: &Args, measured: Vec<Measured>, starts: Vec<Duration>) {
    println!(
        "| machines | login p50 | | login p99 | {} under way | | ready after |",
        args.together
    );
    println!("|---|---|---|---|---|---|---|");
    let mut first: Option<(Duration, f64)> = None;
    for ((size, measured), start) in args.machines.iter().zip(measured).zip(starts) {
        let (p50, p99) = (median(measured.alone), median(measured.alone_p99));
        let rate = median_rate(measured.rates);
        let (first_p50, first_rate) = *first.get_or_insert((p50, rate));
        println!(
            "| {size} | {:.2} ms | x{:.2} | {:.2} ms | {rate:.0}/s | x{:.2} | {} ms |",
            milliseconds(p50),
            milliseconds(p50) / milliseconds(first_p50),
            milliseconds(p99),
            rate / first_rate,
            start.as_millis(),
        );
    }
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations[durations.len() / 2]
}

fn median_rate(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
