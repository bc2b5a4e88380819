//! What can be typed where only the agent's side was built? The same two commands, in the place of
//! `mod.rs`.

#![allow(dead_code, reason = "the commands of the broker's side use the rest")]

mod agent;
mod authorities;
mod identity;
mod login;
mod outcome;
mod table;

use clap::{Parser, Subcommand};

pub use outcome::{Failure, Outcome};

/// The agent's side of callsign: a token for each of the agents that share one cloud machine.
#[derive(Debug, Parser)]
#[command(name = "callsign", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Agent(agent::Args),
    Login(login::Args),
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
        }
    }
}
