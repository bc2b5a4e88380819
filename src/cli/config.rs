//! `callsign config`: is the configuration good, and what is in effect?

mod plan;

use super::outcome::Failure;
use super::outcome::{Outcome, print};
use super::sources::ConfigFiles;
use crate::broker::trust::load_aws;
use crate::registration::{EnrolmentRule, Shadow, shadows};

/// Check or show the configuration
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign config check -c callsign.toml    what is wrong, all of it
  callsign config show -c callsign.toml     what is in effect, and where it came from
  callsign config plan -c callsign.toml     what start or SIGHUP would change")]
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
        "The configuration is good. Resources: {}, their agents: {agents}; rules of enrolment: {}; \
         operators: {}.{}",
        config.resources.len(),
        config.enrolment.len(),
        config.operators.len(),
        shadow_lines(&config.enrolment)
    ))
}

/// A line for each rule of enrolment that an earlier one takes machines from.
fn shadow_lines(rules: &[EnrolmentRule]) -> String {
    let line = |(earlier, later, shadow): (&EnrolmentRule, &EnrolmentRule, Shadow)| {
        let (earlier, later) = (&earlier.name, &later.name);
        match shadow {
            Shadow::Whole => format!(
                "\nThe rule {later} never decides: {earlier} comes first and matches all that it does."
            ),
            Shadow::Part => {
                format!("\nWhere both match, the rule {earlier} decides before {later}.")
            }
        }
    };
    shadows(rules).into_iter().map(line).collect()
}
