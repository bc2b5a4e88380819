//! What can be typed? One file a command; this one says which there are.

mod access;
mod age;
mod agent;
mod agents;
mod apply;
mod authorities;
mod change;
mod completions;
mod config;
mod demo;
mod emulate;
mod identity;
mod label;
mod listing;
mod login;
mod machine;
mod operator_token;
mod outcome;
mod resources;
mod serve;
mod signals;
mod sources;
mod table;
mod trust;
mod verify;

use clap::{Parser, Subcommand};

pub use outcome::{Failure, Outcome};

/// Agents that share one cloud machine prove it by the machine's signed identity, and each gets a
/// session token of its own.
#[derive(Debug, Parser)]
#[command(name = "callsign", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  callsign demo                          see it work: an emulated machine, a broker, two agents
  callsign serve --config callsign.toml  run the broker
  callsign login --agent-name main       one token for an agent of this machine
  callsign agent -- ./worker             run a program that always has a token
  callsign verify --agents main,dev      does each agent of this machine get a token of its own?
  callsign apply -f machines.toml        register machines with a broker
  callsign agents list                   which agents are there, and which are connected
  callsign config show                   every setting, its value and where it came from
  callsign config plan -c callsign.toml  what start or SIGHUP would change
  callsign emulate --dir ./emulator      a metadata service on this machine, for tests

Exit codes: 0 done, 1 failed, 2 wrong usage, 10 ambiguous agent, 11 instance or agent unknown,
12 identity rejected or not allowed, 13 broker or metadata service unreachable.";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Demo(demo::Args),
    Agent(agent::Args),
    Login(login::Args),
    Verify(verify::Args),
    Emulate(emulate::Args),
    Apply(apply::Args),
    Resources(resources::Args),
    Agents(agents::Args),
    Config(config::Args),
    OperatorToken(operator_token::Args),
    Trust(trust::Args),
    Completions(completions::Args),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// [`Failure`]: what to print and the exit code.
    pub async fn run(self) -> Outcome {
        match self.command {
            Command::Serve(args) => serve::run(args).await,
            Command::Demo(args) => Box::pin(demo::run(args)).await,
            Command::Agent(args) => agent::run(args).await,
            Command::Login(args) => login::run(args).await,
            Command::Verify(args) => verify::run(args).await,
            Command::Emulate(args) => emulate::run(args).await,
            Command::Apply(args) => apply::run(args).await,
            Command::Resources(args) => resources::run(args).await,
            Command::Agents(args) => agents::run(args).await,
            Command::Config(args) => config::run(args).await,
            Command::OperatorToken(args) => operator_token::run(args),
            Command::Trust(args) => trust::run(args),
            Command::Completions(args) => completions::run(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// clap finds two arguments of one name only when the command is used.
    #[test]
    fn every_command_can_be_parsed() {
        Cli::command().debug_assert();
    }
}
