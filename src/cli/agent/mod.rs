//! `callsign agent`: stay beside a program and see that it always has a token.

mod doctor;
mod log;
mod place;
mod status;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;

use super::identity::{Identity, Name, environment};
use super::outcome::{Failure, Outcome};
use crate::clock::Clock;
use crate::sidecar::{Ending, Settings, run as run_sidecar};
use crate::{duration, sidecar};

/// Keep a token for one agent of this machine
///
/// Reads the machine's proof, logs in, writes the token to a file, renews it in time and tells the
/// broker that the agent is there. With a COMMAND, runs it while there is a token, passes signals on
/// and ends with its exit code. Without, runs until SIGTERM.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true,
    after_help = "Examples:
  callsign agent --url https://callsign.example --agent-name main --token-file /run/main/token
  callsign agent --url https://callsign.example --agent-name dev -- ./worker --fast
  callsign agent status --token-file /run/main/token
  callsign agent doctor --url https://callsign.example --agent-name main

The COMMAND finds the token in the file that CALLSIGN_TOKEN_FILE names, and should read it each time
that it needs it. Flags win over the environment; CODER_AGENT_NAME counts where CALLSIGN_AGENT_NAME is
not set. The metadata services are found by AWS_EC2_METADATA_SERVICE_ENDPOINT, GCE_METADATA_HOST and
CALLSIGN_AZURE_METADATA_ENDPOINT.

Exit codes: the COMMAND's; 0 told to end, 1 failed, 2 wrong usage, 10 ambiguous agent, 11 instance or
agent unknown or retired, 12 identity rejected or not allowed, 13 broker or metadata service
unreachable."
)]
pub(super) struct Args {
    #[command(subcommand)]
    look: Option<Look>,
    #[command(flatten)]
    keep: Keep,
}

#[derive(Debug, Subcommand)]
enum Look {
    Status(status::Args),
    Doctor(doctor::Args),
}

#[derive(Debug, clap::Args)]
struct Keep {
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    name: Name,
    /// Where the token goes [default: a folder of its own, which is removed at the end]
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    /// What the token file holds
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// How long to wait for the machine's registration and for the broker, before the first token,
    /// and up to a tenth longer
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = time)]
    wait: Duration,
    /// What the shell is to run after each renewal
    #[arg(long, value_name = "COMMAND")]
    on_renew: Option<String>,
    /// Log lines as JSON
    #[arg(long)]
    log_json: bool,
    /// The program to run, and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// What a token is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// The token alone
    #[default]
    Raw,
    /// The broker's whole answer
    Json,
    /// Assignments, for shells and systemd's EnvironmentFile
    Env,
}

impl From<Format> for sidecar::token_file::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Raw => Self::Raw,
            Format::Json => Self::Json,
            Format::Env => Self::Env,
        }
    }
}

pub(super) async fn run(args: Args) -> Outcome {
    match args.look {
        Some(Look::Status(args)) => status::run(args),
        Some(Look::Doctor(args)) => doctor::run(args).await,
        None => keep(args.keep).await,
    }
}

async fn keep(args: Keep) -> Outcome {
    log::init(args.log_json);
    let agent_name = args.name.choose(&environment);
    let place = place::Place::choose(args.token_file)?;
    let settings = Settings {
        broker: args.identity.broker(&environment)?,
        cloud: args.identity.cloud(&environment)?,
        agent_name,
        token_file: place.token_file().to_owned(),
        format: args.format.into(),
        wait: args.wait,
        on_renew: args.on_renew,
        command: args.command,
    };
    tracing::info!(token_file = %settings.token_file.display(), "the token's place");
    match run_sidecar(&settings, Clock::system(), fastrand::f64).await {
        Ending::Program(0) => Ok(()),
        Ending::Program(code) => Err(Failure::silent(code)),
        Ending::Told(_) if settings.command.is_empty() => Ok(()),
        Ending::Told(signal) => Err(Failure::silent(u8::try_from(128 + signal).unwrap_or(1))),
        Ending::Failed(error) => Err(error.into()),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| "a time with its units, as 90s, 5m or 1h30m".to_owned())
}
