//! `callsign apply`: make a broker's registrations equal to files.

mod line;
mod prune;
mod step;

use std::io::{self, Read as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use futures_util::{Stream, StreamExt as _, stream};

use super::access::Access;
use super::label::Label;
use super::outcome::{Failure, Outcome, print};
use crate::client::{ClientError, RegistrationClient};
use crate::config::declared;
use crate::registration::ResourceSpec;
use line::{Line, Report};
use prune::Doomed;

/// Register machines: make the broker's registrations equal to files
///
/// Reads [[resource]] entries as the broker's own configuration has them (TOML), or the same as
/// JSON: {"resource": [...]} or the list alone. Everything that is wrong in the files is told
/// before anything is sent. To apply the same twice changes nothing; what a run that was stopped
/// has done stays, and the next one goes on from there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign apply -f machines.toml
  callsign apply -f machines.toml --dry-run
  terraform output -raw registration | callsign apply -f -
  callsign apply -f build.toml --prune --selector team=build   # retires what left the file

Exit codes: 0 all is as declared, 1 some of it is not, 2 wrong usage, 12 the operator's token was
refused, 13 the broker cannot be reached.")]
pub(super) struct Args {
    /// File with the entries; - is standard input. Several are one declaration
    #[arg(short, long = "file", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Retire what bears the selected labels and is in none of the files
    #[arg(long, requires = "selector")]
    prune: bool,
    /// A label that marks what these files answer for; all must match
    #[arg(long, value_name = "KEY=VALUE", requires = "prune")]
    selector: Vec<Label>,
    /// Retire without asking
    #[arg(long, requires = "prune")]
    yes: bool,
    /// Requests under way at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = parallel)]
    parallel: NonZeroUsize,
    #[command(flatten)]
    access: Access,
}

/// The name that stands for standard input.
const STDIN: &str = "-";

pub(super) async fn run(args: Args) -> Outcome {
    let client = args.access.client()?;
    let specs = read(&args.files)?;
    if args.prune && !args.yes && !args.dry_run && !prune::can_ask() {
        return Err(Failure::usage(
            "--prune asks before it retires anything; without a terminal, say --yes",
        ));
    }
    let doomed =
        if args.prune { prune::find(&client, &specs, &args.selector).await? } else { Vec::new() };
    if !doomed.is_empty() && !args.yes && !args.dry_run {
        prune::ask(&doomed)?;
    }
    apply(&client, &args, &specs, doomed).await
}

/// Sends everything, and tells what came of it.
async fn apply(
    client: &RegistrationClient,
    args: &Args,
    specs: &[ResourceSpec],
    doomed: Vec<Doomed>,
) -> Outcome {
    let started = Instant::now();
    let steps = specs.len() + doomed.len();
    let mut report = Report::begin(steps, args.dry_run);
    let parallel = args.parallel.get();
    let converging = stream::iter(specs).map(|spec| converge(client, spec, args.dry_run));
    let mut outcome = tell(&mut report, steps, converging.buffered(parallel)).await;
    // What is to take the place of the retired must be there first.
    if outcome.is_ok() && report.failed() == 0 {
        let retiring = stream::iter(doomed).map(|doomed| retire(client, doomed, args.dry_run));
        outcome = tell(&mut report, steps, retiring.buffered(parallel)).await;
    }
    report.end();
    outcome?;
    let seconds = started.elapsed().as_secs_f64();
    print(format_args!("{report}, in {seconds:.1} s."))?;
    match report.failed() {
        0 => Ok(()),
        failed => Err(failure(failed, steps - report.told())),
    }
}

async fn converge(
    client: &RegistrationClient,
    spec: &ResourceSpec,
    dry_run: bool,
) -> Result<Line, ClientError> {
    if dry_run { step::preview(client, spec).await } else { step::converge(client, spec).await }
}

async fn retire(
    client: &RegistrationClient,
    doomed: Doomed,
    dry_run: bool,
) -> Result<Line, ClientError> {
    if dry_run { Ok(prune::preview(doomed)) } else { prune::retire(client, doomed).await }
}

async fn tell(
    report: &mut Report,
    steps: usize,
    lines: impl Stream<Item = Result<Line, ClientError>>,
) -> Outcome {
    let mut lines = std::pin::pin!(lines);
    while let Some(line) = lines.next().await {
        let line = line.map_err(|error| {
            Failure::from(error).adding(format_args!(
                "Stopped after {} of {steps} resources. What was done stays; apply the same again \
                 to go on.",
                report.told()
            ))
        })?;
        report.tell(&line)?;
    }
    Ok(())
}

fn failure(failed: usize, left: usize) -> Failure {
    let failure = Failure::new(format!("{failed} resources are not as declared"));
    match left {
        0 => failure,
        left => failure.adding(format_args!("The {left} that have left the files stay for now.")),
    }
}

/// All resources that the files declare.
fn read(files: &[PathBuf]) -> Result<Vec<ResourceSpec>, Failure> {
    let texts: Vec<io::Result<String>> = files.iter().map(|path| text(path)).collect();
    let files = files.iter().map(|path| place(path)).zip(&texts);
    let specs = declared(files).map_err(|errors| {
        Failure::new(format!("nothing was sent, because the files are not right:\n{errors}"))
    })?;
    // A file that was cut off must not be taken for the wish to retire everything.
    if specs.is_empty() {
        return Err(Failure::new("nothing was sent, because the files declare no resource"));
    }
    Ok(specs)
}

fn text(path: &Path) -> io::Result<String> {
    if path != Path::new(STDIN) {
        return std::fs::read_to_string(path);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map(|_| text)
}

/// What a file is called in messages.
fn place(path: &Path) -> &Path {
    if path == Path::new(STDIN) { Path::new("standard input") } else { path }
}

fn parallel(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().filter(|number: &NonZeroUsize| number.get() <= 64);
    number.ok_or_else(|| "allowed is a number from 1 to 64".to_owned())
}
