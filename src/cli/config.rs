//! `callsign config`: is the configuration good, and what is in effect?

mod plan;

use super::outcome::Failure;
use super::outcome::{Outcome, print};
use super::sources::ConfigFiles;
use crate::broker::trust::load_aws;

/// Check or show the configuration
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tell everything that is wrong at once; exit code 0 if nothing is
    #[command(after_help = "Examples:
  callsign config check --config callsign.toml
  callsign config check -c base.toml -c machines.toml && systemctl reload callsign")]
    Check(ConfigFiles),
    /// Print every setting with its value and where it came from
    #[command(after_help = "Examples:
  callsign config show
  CALLSIGN_TOKEN__LIFETIME=15m callsign config show -c callsign.toml")]
    Show(ConfigFiles),
    Plan(plan::Args),
}

pub(super) async fn run(args: Args) -> Outcome {
    match args.command {
        Command::Check(files) => check(&files),
        Command::Show(files) => print(files.load()?.effective()),
        Command::Plan(args) => plan::run(args).await,
    }
}

fn check(files: &ConfigFiles) -> Outcome {
    let config = files.load()?;
    load_aws(&config.identity.aws.trust).map_err(Failure::new)?;
    let agents: usize = config.resources.iter().map(|resource| resource.agents.len()).sum();
    print(format_args!(
        "The configuration is good: {} resources with {agents} agents, {} operators.",
        config.resources.len(),
        config.operators.len()
    ))
}
