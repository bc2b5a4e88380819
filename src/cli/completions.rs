//! `callsign completions`: help for the shell.

use clap::CommandFactory as _;

use super::outcome::Outcome;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign completions bash > ~/.local/share/bash-completion/completions/callsign
  callsign completions zsh > ~/.zfunc/_callsign
  callsign completions fish > ~/.config/fish/completions/callsign.fish")]
pub(super) struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(args: Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "callsign", &mut script);
    super::outcome::print(String::from_utf8_lossy(&script).trim_end())
}
