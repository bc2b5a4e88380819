//! `callsign agents`: which agents are there, and which are connected?

use chrono::{DateTime, Utc};

use super::age::{age, moment};
use super::listing::{Ask, Filter, of_machine};
use super::machine::AgentRef;
use super::outcome::{Failure, Outcome};
use super::table::print_list;
use crate::client::{RegistrationClient, patiently};
use crate::clock::Clock;
use crate::wire::Agent;

/// See the agents of all machines
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign agents list --disconnected
  callsign agents show aws/i-0abc/main")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List agents, the oldest first
    #[command(after_help = "Examples:
  callsign agents list
  callsign agents list --disconnected
  callsign agents list --instance-id i-0abc --output json")]
    List(List),
    /// Show one agent
    #[command(after_help = "Examples:
  callsign agents show aws/i-0abc/main
  callsign agents show 01a20e06-a3d0-7ceb-8a52-5a1c8f0d7f11 --output json")]
    Show(Show),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    ask: Ask,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The agent as aws/i-0abc/main, or its id
    agent: AgentRef,
    #[command(flatten)]
    ask: Ask,
}

pub(super) async fn run(args: Args) -> Outcome {
    match args.command {
        Command::List(args) => list(args).await,
        Command::Show(args) => show(args).await,
    }
}

async fn list(args: List) -> Outcome {
    let (client, filter) = (args.ask.client()?, args.filter.wire());
    let agents = patiently(|| client.agents(&filter)).await?;
    let now = Clock::system().now();
    print_list(args.ask.output, &agents, HEADS, |agent| row(agent, now), "No agents.")
}

/// The heads of [`row`].
pub(super) const HEADS: [&str; 6] = ["MACHINE", "AGENT", "PARENT", "CONNECTED", "SEEN", "AGE"];

/// A line for an agent.
pub(super) fn row(agent: &Agent, now: DateTime<Utc>) -> [String; 6] {
    [
        format!("{}/{}", agent.provider, agent.instance_id),
        agent.name.clone(),
        agent.parent.clone().unwrap_or_else(|| "-".to_owned()),
        if agent.connected { "yes" } else { "no" }.to_owned(),
        agent.last_seen_at.map_or("never".to_owned(), |seen| format!("{} ago", age(seen, now))),
        match agent.retired_at {
            Some(retired) => format!("retired {} ago", age(retired, now)),
            None => age(agent.created_at, now),
        },
    ]
}

async fn show(args: Show) -> Outcome {
    let agent = find(&args.ask.client()?, &args.agent).await?;
    args.ask.print(&agent, |agent| page(agent, Clock::system().now()))
}

/// The agent of this id; of a machine's agents of one name, the live one, or else the newest.
async fn find(client: &RegistrationClient, which: &AgentRef) -> Result<Agent, Failure> {
    let (machine, name) = match which {
        AgentRef::Id(id) => return Ok(patiently(|| client.agent(*id)).await?),
        AgentRef::Named(machine, name) => (machine, name),
    };
    let filter = of_machine(machine);
    let found = patiently(|| client.agents(&filter)).await?.into_iter();
    let of_name = found.filter(|agent| agent.name == name.as_str());
    let last = of_name.max_by_key(|agent| (agent.live, agent.created_at));
    last.ok_or_else(|| Failure::unknown(format!("{machine} has no agent {name}")))
}

fn page(agent: &Agent, now: DateTime<Utc>) -> String {
    let connected = if agent.connected { "connected" } else { "not connected" };
    let facts = [
        ("agent", agent.name.clone()),
        ("machine", format!("{}/{}", agent.provider, agent.instance_id)),
        ("id", agent.id.to_string()),
        ("resource", agent.resource_id.to_string()),
        ("parent", agent.parent.clone().unwrap_or_else(|| "none: a root agent".to_owned())),
        (
            "state",
            match agent.retired_at {
                Some(time) => format!("retired {}", moment(time, now)),
                None => format!("live, {connected}"),
            },
        ),
        ("seen", agent.last_seen_at.map_or("never".to_owned(), |seen| moment(seen, now))),
        ("registered", moment(agent.created_at, now)),
    ];
    facts.map(|(name, fact)| format!("{name:<12}{fact}")).join("\n")
}
