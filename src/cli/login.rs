//! `callsign login`: one token, now.

use super::agent::Format;
use super::identity::{Identity, Name, environment};
use super::outcome::{Outcome, print};
use crate::sidecar::token_file;

/// Log in once and print the token
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign login --url https://callsign.example --agent-name main
  TOKEN=$(callsign login --url https://callsign.example --agent-name dev)
  callsign login --url https://callsign.example --agent-name dev --output json

Flags win over CALLSIGN_URL, CALLSIGN_AUTH and CALLSIGN_AGENT_NAME; CODER_AGENT_NAME counts where that
one is not set.

Exit codes: 0 done, 1 failed, 2 wrong usage, 10 ambiguous agent (the names are on standard error),
11 instance or agent unknown, 12 identity rejected or not allowed, 13 broker or metadata service
unreachable.")]
pub(super) struct Args {
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    name: Name,
    /// What is printed
    #[arg(long, alias = "format", value_enum, default_value_t)]
    output: Format,
}

pub(super) async fn run(args: Args) -> Outcome {
    let broker = args.identity.broker(&environment)?;
    let cloud = args.identity.cloud(&environment)?;
    let name = args.name.choose(&environment);
    let login = cloud.login(&broker, name.as_deref()).await?;
    let answer = broker.login(&login).await?;
    print(token_file::render(&answer, args.output.into()).trim_end())
}
