//! `callsign demo`: see it work, with nothing else installed.

mod cloud;
mod forge;
mod stage;
mod steps;

use super::outcome::{Outcome, print};
use cloud::Cloud;
use stage::Stage;

/// See it work: an emulated machine, a broker, two agents
///
/// Starts a metadata service and a broker on free ports of this machine, with a temporary SQLite
/// file, and two agents, main and dev, that share one instance. Shows what each of them gets and
/// who is refused, then keeps serving until Ctrl-C so that you can try it yourself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign demo
  callsign demo --cloud azure
  callsign demo --once    # exits, with 0 only if everything was as it should be")]
pub(super) struct Args {
    /// Exit after the tour; exit code 0 only if each step was as expected
    #[arg(long)]
    once: bool,
    /// The cloud to emulate
    #[arg(long, value_enum, default_value_t)]
    cloud: Cloud,
}

pub(super) async fn run(args: Args) -> Outcome {
    let stage = Stage::set(args.cloud).await?;
    print(stage.introduction())?;
    let tour = steps::walk(&stage).await;
    let outcome = match tour {
        Ok(()) if args.once => Ok(()),
        Ok(()) => invite(&stage).await,
        Err(failure) => Err(failure),
    };
    Box::pin(stage.clear()).await;
    outcome
}

/// Serves until Ctrl-C, or SIGTERM.
async fn invite(stage: &Stage) -> Outcome {
    print(stage.invitation())?;
    super::signals::stop().await
}
