//! `callsign agent doctor`: what would keep an agent from its token, and what to do about it?

use crate::cli::identity::{Identity, Name, environment};
use crate::cli::outcome::{Failure, Outcome, print};
use crate::client::BrokerClient;
use crate::clock::Clock;
use crate::sidecar::skew::{describe, skew};
use crate::sidecar::{Cloud, SidecarError};

/// Find out what would keep an agent from its token
///
/// Looks for the metadata service, reads the machine's proof, asks the broker for the time, and tries
/// a login that gives no token and registers nothing. Tells what each step found and what to do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign agent doctor --url https://callsign.example --agent-name main

Exit codes: 0 all is well, else that of the first step that is not: 1 the clock, 10 ambiguous agent,
11 instance or agent unknown, 12 identity rejected or not allowed, 13 broker or metadata service
unreachable.")]
pub(super) struct Args {
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    name: Name,
}

pub(super) async fn run(args: Args) -> Outcome {
    let broker = args.identity.broker(&environment)?;
    let cloud = args.identity.cloud(&environment)?;
    let name = args.name.choose(&environment);

    // The two halves do not need each other: a failure of one hides none of the other's.
    let proof = tell("metadata", metadata(&cloud, &broker).await)?;
    let clock = tell("broker", ask_broker(&broker).await)?;
    let login = match (proof, &clock) {
        (Ok(()), Ok(())) => tell("login", try_login(&broker, &cloud, name.as_deref()).await)?,
        (Err(failure), _) => Err(failure),
        (Ok(()), Err(_)) => Ok(()),
    };
    clock.and(login)
}

/// What a step found, for people; and what follows from it.
type Step<T> = Result<(String, T), Failure>;

/// Prints what a step found. What went wrong is printed here, and only its code is left.
fn tell<T>(step: &str, found: Step<T>) -> Result<Result<T, Failure>, Failure> {
    match found {
        Ok((text, value)) => {
            print(format_args!("ok     {step:<10}{text}"))?;
            Ok(Ok(value))
        }
        Err(failure) => {
            print(format_args!("WRONG  {step:<10}{failure}"))?;
            Ok(Err(failure.silenced()))
        }
    }
}

/// The proof answers no challenge here: the broker may be what is wrong.
async fn metadata(cloud: &Cloud, broker: &BrokerClient) -> Step<()> {
    let reader = cloud.reader().await.map_err(SidecarError::from)?;
    reader.proof(cloud.audience_at(broker)).await.map_err(SidecarError::from)?;
    Ok((format!("a machine of {}, and its proof can be read", reader.provider()), ()))
}

async fn ask_broker(broker: &BrokerClient) -> Step<()> {
    let clock = Clock::system();
    let asked = clock.now();
    let time = broker.time().await?;
    let ahead = time.and_then(|time| skew(asked, time, clock.now()));
    match ahead {
        Some(ahead) => Err(Failure::new(describe(ahead))),
        None => Ok((format!("{} answers, and the clocks agree", broker.url()), ())),
    }
}

async fn try_login(broker: &BrokerClient, cloud: &Cloud, name: Option<&str>) -> Step<()> {
    let answer = broker.dry_run(cloud.login(broker, name).await?).await?;
    let (agent, machine) = (&answer.agent.name, &answer.resource.name);
    let text = match &answer.enrolment {
        None => format!("this is {agent} on {machine}, and would get a token"),
        Some(rule) => format!(
            "this would be {agent} on {machine}: the first login registers it by the rule {rule}"
        ),
    };
    Ok((text, ()))
}
