//! What can be typed where only the agent's side was built? The same commands, in the place of
//! `mod.rs`.

#![allow(dead_code, reason = "the commands of the broker's side use the rest")]

mod agent;
mod authorities;
mod identity;
mod login;
mod outcome;
mod table;
mod verify;

use clap::{Parser, Subcommand};

pub use outcome::{Failure, Outcome};

/// The agent's side of callsign: a token for each of the agents that share one cloud machine.
#[derive(Debug, Parser)]
#[command(name = "callsign", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  callsign login --agent-name main       one token for an agent of this machine
  callsign agent -- ./worker             run a program that always has a token
  callsign verify --agents main,dev      does each agent of this machine get a token of its own?
  callsign agent doctor                  what would keep an agent from its token

Exit codes: 0 done, 1 failed, 2 wrong usage, 10 ambiguous agent, 11 instance or agent unknown,
12 identity rejected or not allowed, 13 broker or metadata service unreachable.";

#[derive(Debug, Subcommand)]
enum Command {
    Agent(agent::Args),
    Login(login::Args),
    Verify(verify::Args),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// [`Failure`]: what to print and the exit code.
    pub async fn run(self) -> Outcome {
        match self.command {
            Command::Agent(args) => agent::run(args).await,
            Command::Login(args) => login::run(args).await,
            Command::Verify(args) => verify::run(args).await,
        }
    }
}
