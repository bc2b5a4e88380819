//! `callsign resources`: which machines are registered, and which no longer?

use chrono::{DateTime, Utc};

use super::access::Access;
use super::age::{age, moment};
use super::agents;
use super::label::{Label, bears};
use super::listing::{Ask, Filter, of_machine};
use super::machine::{Machine, ResourceRef};
use super::outcome::{Failure, Outcome, print};
use super::table::{print_list, table, terminal_width};
use crate::client::{ClientError, RegistrationClient, patiently};
use crate::clock::Clock;
use crate::wire::Resource;

/// See and retire registrations of machines
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign resources list
  callsign resources show aws/i-0abc
  callsign resources retire aws/i-0abc")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List resources, the oldest first
    #[command(after_help = "Examples:
  callsign resources list
  callsign resources list --provider aws --selector team=build
  callsign resources list --retired
  callsign resources list --output json | jq -r '.[].instance_id'")]
    List(List),
    /// Show one resource with its agents
    #[command(after_help = "Examples:
  callsign resources show aws/i-0abc
  callsign resources show 01a20e06-a3d0-7ceb-8a52-5a1c8f0d7f11 --output json")]
    Show(Show),
    /// Retire resources, with their agents and the tokens of these
    #[command(after_help = "Examples:
  callsign resources retire aws/i-0abc
  callsign resources retire aws/i-0abc azure/5f2c9d3e-0f5c-4a6b-9a57-3c6a1f6f8b11
  callsign resources retire --if-live aws/i-0abc   # well, too, if nothing is live there")]
    Retire(Retire),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    filter: Filter,
    /// Those with this label; all must match
    #[arg(long, value_name = "KEY=VALUE")]
    selector: Vec<Label>,
    #[command(flatten)]
    ask: Ask,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The machine as aws/i-0abc, or the resource's id
    resource: ResourceRef,
    #[command(flatten)]
    ask: Ask,
}

#[derive(Debug, clap::Args)]
struct Retire {
    /// The machines, each as aws/i-0abc
    #[arg(required = true)]
    machines: Vec<Machine>,
    /// Do not fail where nothing is live
    #[arg(long)]
    if_live: bool,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn run(args: Args) -> Outcome {
    match args.command {
        Command::List(args) => list(args).await,
        Command::Show(args) => show(args).await,
        Command::Retire(args) => retire(args).await,
    }
}

async fn list(args: List) -> Outcome {
    let (client, filter) = (args.ask.client()?, args.filter.wire());
    let mut resources = patiently(|| client.resources(&filter)).await?;
    resources.retain(|resource| bears(&resource.labels, &args.selector));
    let now = Clock::system().now();
    let heads = ["MACHINE", "NAME", "AGENTS", "CONNECTED", "ORIGIN", "AGE"];
    print_list(args.ask.output, &resources, heads, |resource| row(resource, now), "No resources.")
}

fn row(resource: &Resource, now: DateTime<Utc>) -> [String; 6] {
    let agents: Vec<&str> = resource.agents.iter().map(|agent| agent.name.as_str()).collect();
    let connected = resource.agents.iter().filter(|agent| agent.connected).count();
    [
        machine(resource),
        resource.name.clone(),
        agents.join(", "),
        format!("{connected} of {}", agents.len()),
        resource.origin.clone(),
        match resource.retired_at {
            Some(retired) => format!("retired {} ago", age(retired, now)),
            None => age(resource.created_at, now),
        },
    ]
}

fn machine(resource: &Resource) -> String {
    format!("{}/{}", resource.provider, resource.instance_id)
}

async fn show(args: Show) -> Outcome {
    let resource = find(&args.ask.client()?, &args.resource).await?;
    args.ask.print(&resource, |resource| page(resource, Clock::system().now()))
}

/// The resource of this id; of a machine, the live one, or else the one that was retired last.
async fn find(client: &RegistrationClient, which: &ResourceRef) -> Result<Resource, Failure> {
    let machine = match which {
        ResourceRef::Id(id) => return Ok(patiently(|| client.resource(*id)).await?),
        ResourceRef::Machine(machine) => machine,
    };
    let filter = of_machine(machine);
    let found = patiently(|| client.resources(&filter)).await?;
    let last = found.into_iter().max_by_key(|resource| (resource.live, resource.created_at));
    last.ok_or_else(|| Failure::unknown(format!("{machine} is not registered")))
}

fn page(resource: &Resource, now: DateTime<Utc>) -> String {
    let or = |text: &str, none: &str| if text.is_empty() { none } else { text }.to_owned();
    let labels: Vec<String> =
        resource.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let state = match resource.retired_at {
        Some(time) => format!("retired {}", moment(time, now)),
        None => "live".to_owned(),
    };
    let facts = [
        ("machine", machine(resource)),
        ("name", resource.name.clone()),
        ("id", resource.id.to_string()),
        ("state", state),
        ("registered", moment(resource.created_at, now)),
        ("by", resource.origin.clone()),
        ("account", or(&resource.account, "any")),
        ("generation", or(&resource.generation, "-")),
        ("labels", or(&labels.join(", "), "-")),
    ];
    let facts = facts.map(|(name, fact)| format!("{name:<12}{fact}")).join("\n");
    let rows: Vec<_> =
        resource.agents.iter().map(|agent| without_machine(agents::row(agent, now))).collect();
    let agents = match rows.as_slice() {
        [] => "no live agents".to_owned(),
        rows => table(without_machine(agents::HEADS), rows, terminal_width()),
    };
    format!("{facts}\n\n{agents}")
}

/// The columns of an agent beside its machine's own page.
fn without_machine<T>([_machine, columns @ ..]: [T; 6]) -> [T; 5] {
    columns
}

async fn retire(args: Retire) -> Outcome {
    let client = args.access.client()?;
    for machine in &args.machines {
        let Machine { provider, instance_id } = machine;
        match patiently(|| client.retire(*provider, instance_id)).await {
            Ok(()) => print(format_args!("retired  {machine}"))?,
            Err(error) if args.if_live && is_unknown(&error) => {
                print(format_args!("nothing live  {machine}"))?;
            }
            Err(error) => return Err(Failure::from(error).adding(format_args!("({machine})"))),
        }
    }
    Ok(())
}

fn is_unknown(error: &ClientError) -> bool {
    error.problem().is_some_and(|problem| matches!(problem.status, 404 | 410))
}
