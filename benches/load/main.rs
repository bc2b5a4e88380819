//! How many logins does a broker answer, how fast, and what when it is asked for more?
//!
//! `cargo bench --bench load -- health closed 0.7x 2x closed+ambiguous`
//!
//! Starts brokers of its own (`--brokers`, `--database`), or asks one that runs (`--url`): `--prepare`
//! makes the keys that such a one must trust and a configuration for it, and says how to go on.
//! Proofs are signed before the first request, so that the generator costs little beside what it
//! measures. Each phase is one line of the table:
//!
//! - `health`: closed loop of `GET /healthz`, the cost of HTTP alone
//! - `closed`: closed loop of logins, each connection asks again as soon as it is answered
//! - `ambiguous`, `unknown`: the same with logins that name no agent where there are two (409), or
//!   that come from machines that nobody registered (404)
//! - `0.7x`, `2x`: open loop at that multiple of the rate of the last `closed`
//! - `5000`: open loop at that many logins a second
//! - `closed+ambiguous`, `0.7x+unknown`: a storm beside it, of as many connections as a closed loop
//!   has, that ask again as soon as they are refused
//!
//! `--parts` measures each part of a login alone in the same run, and tells how many times their sum
//! the whole is.
//!
//! In an open loop requests are due at fixed times, whether or not earlier ones are answered, and a
//! latency counts from when its request was due: no slow answer hides the ones that it delayed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run says so"
)]

mod broker;
mod client;
mod machines;
mod parts;
mod phase;
mod pool;
mod report;
mod scene;
mod tally;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use broker::Brokers;
use machines::Provider;
use parts::Parts;
use phase::{Load, Phase};
use pool::{Mix, Pool};
use scene::Scene;
use tally::Outcome;

#[derive(Debug, Parser)]
#[command(name = "load", about = "Loads a broker with logins and tells how it fared")]
struct Args {
    /// What to do, one after the other: health, closed, ambiguous, unknown, 0.7x, 5000; each with
    /// +ambiguous or +unknown for a storm beside it
    #[arg(default_values = ["health", "closed", "0.7x"])]
    phases: Vec<Phase>,
    /// A broker that runs already, instead of one of our own
    #[arg(long, requires = "dir")]
    url: Option<String>,
    /// Where keys, trust files and load.toml are kept; made if it is not there
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Only make what a broker of your own needs, in DIR
    #[arg(long, requires = "dir")]
    prepare: bool,
    /// The database of our own brokers; by default a new SQLite file
    #[arg(long)]
    database: Option<String>,
    /// Brokers of our own, on one database
    #[arg(long, default_value_t = 1)]
    brokers: usize,
    /// HTTP workers of each broker; 0: one per core
    #[arg(long, default_value_t = 0)]
    workers: usize,
    /// The log filter of our own brokers, whose lines go to a file
    #[arg(long, default_value = "info")]
    log: String,
    /// Whose machines log in
    #[arg(long, value_delimiter = ',', default_value = "aws")]
    providers: Vec<Provider>,
    /// Parts of the logins that are named (200), without a name (409) and of unknown machines (404)
    #[arg(long, default_value = "100:0:0")]
    mix: Mix,
    /// Machines of each provider, each with two agents
    #[arg(long, default_value_t = 500)]
    machines: u64,
    /// Connections of a closed loop
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Connections of an open loop; each carries one request at a time
    #[arg(long, default_value_t = 1024)]
    open_connections: usize,
    /// Seconds of each phase, after a fifth of that to warm up
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Measure the parts of a login, too, beside the whole of it; needs the phases health and closed
    #[arg(long)]
    parts: bool,
    /// JSON instead of a table
    #[arg(long)]
    json: bool,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(args));
}

async fn run(args: Args) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = args.dir.clone().unwrap_or_else(|| temporary.path().to_owned());
    let pool = Pool::sign(&dir, &args.providers, args.machines, args.mix);
    if args.prepare {
        report::prepared(&dir);
        return;
    }
    let brokers = match &args.url {
        Some(url) => Brokers::running(url),
        None => Brokers::start(&dir, &args),
    };
    let scene = Scene {
        brokers: &brokers,
        pool: &pool,
        connections: args.connections,
        open_connections: args.open_connections,
        time: Duration::from_secs(args.seconds),
    };
    let mut outcomes = Vec::new();
    let mut peak = None;
    for phase in &args.phases {
        let outcome = scene.play(*phase, peak).await;
        if matches!(phase, Phase { load: Load::Closed, storm: None }) {
            peak = Some(outcome.good_per_second());
        }
        report::progress(&outcome);
        outcomes.push(outcome);
    }
    if args.json {
        report::json(&outcomes);
    } else {
        report::table(&outcomes);
    }
    if args.parts {
        let is = |outcome: &&Outcome, name| outcome.phase.to_string() == name;
        let cpu_of = |name| outcomes.iter().find(|outcome| is(outcome, name))?.cpu_of_one();
        let both = cpu_of("health").zip(cpu_of("closed"));
        let (http, whole) = both.unwrap_or_else(|| panic!("--parts needs: health closed"));
        report::parts(&Parts::measure(&dir).await, http, whole);
    }
}
