//! argv to one command.

use std::io;
use std::process::ExitCode;

use callsign::cli::{Cli, Outcome};
use clap::Parser as _;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => failure.report(),
        Err(error) => {
            eprintln!("callsign: nothing can be run: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Actors need a runtime of their own kind.
#[cfg(feature = "server")]
fn run(cli: Cli) -> io::Result<Outcome> {
    Ok(actix_web::rt::System::new().block_on(cli.run()))
}

/// An agent is one thread, which sleeps.
#[cfg(not(feature = "server"))]
fn run(cli: Cli) -> io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(cli.run()))
}
