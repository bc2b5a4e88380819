//! `callsign verify`: does each agent of this machine get a token of its own, and nobody one without
//! saying which?

use std::collections::BTreeSet;

use serde::Serialize;
use zeroize::Zeroizing;

use super::identity::{Identity, environment};
use super::outcome::{Failure, Outcome};
use super::table::{Output, print_list};
use crate::client::{BrokerClient, ClientError, patiently};
use crate::names::AgentName;
use crate::sidecar::Cloud;
use crate::wire::{LoginAnswer, Problem};

/// Check that each agent of this machine gets a token of its own, and nobody else any
///
/// Logs each agent in by its name and asks the broker whom the token speaks for; then asks, by dry
/// runs, for what must be refused: a login without a name, and one by a name that nobody has. The
/// names must be all that are registered for this machine. The tokens are held in memory, shown to
/// nobody and dropped at the end. They cannot be ended one by one: the broker takes them for as long
/// as any, or until the machine is retired.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign verify --url https://callsign.example --auth aws-instance-identity --agents main,dev
  callsign verify --url https://callsign.example --agents main,dev --connected
  callsign verify --url https://callsign.example --agents main,dev --output json

Exit codes: 0 all is as expected, 1 something is not, 2 wrong usage, 13 broker or metadata service
unreachable.")]
pub(super) struct Args {
    #[command(flatten)]
    identity: Identity,
    /// Every agent that is registered for this machine, without sub-agents
    #[arg(long, value_name = "NAME,…", required = true, value_delimiter = ',')]
    agents: Vec<String>,
    /// Expect each agent to be connected, too: its sidecar runs
    #[arg(long)]
    connected: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

pub(super) async fn run(args: Args) -> Outcome {
    let agents = names(&args.agents)?;
    let machine = Machine {
        broker: args.identity.broker(&environment)?,
        cloud: args.identity.cloud(&environment)?,
    };
    let checks = machine.check(&agents, args.connected).await?;
    print_list(args.output, &checks, ["CHECK", "EXPECTED", "SEEN", "OK"], Check::cells, "")?;
    match checks.iter().filter(|check| !check.ok).count() {
        0 => Ok(()),
        wrong => Err(Failure::new(format!(
            "{wrong} of {} checks went wrong\n  `callsign agent doctor` says what is in the way of \
             one agent.",
            checks.len()
        ))),
    }
}

/// The names, sorted as the broker sorts them.
fn names(agents: &[String]) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    for agent in agents {
        let name = AgentName::parse(agent.trim())
            .map_err(|error| Failure::usage(format!("--agents: {agent:?}: {error}")))?;
        if !names.insert(name.as_str().to_owned()) {
            return Err(Failure::usage(format!("--agents: {agent} is there twice")));
        }
    }
    Ok(names)
}

/// One thing that was to be seen.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Check {
    check: String,
    expected: String,
    seen: String,
    ok: bool,
}

impl Check {
    fn new(check: impl Into<String>, expected: String, seen: String) -> Self {
        Self { check: check.into(), ok: expected == seen, expected, seen }
    }

    fn cells(&self) -> [String; 4] {
        let ok = if self.ok { "yes" } else { "NO" };
        [self.check.clone(), self.expected.clone(), self.seen.clone(), ok.to_owned()]
    }
}

/// A token that an agent was given.
struct Held {
    token: Zeroizing<String>,
    agent: uuid::Uuid,
}

struct Machine {
    broker: BrokerClient,
    cloud: Cloud,
}

impl Machine {
    async fn check(
        &self,
        agents: &BTreeSet<String>,
        connected: bool,
    ) -> Result<Vec<Check>, Failure> {
        let (mut checks, mut held) = (Vec::new(), Vec::new());
        for name in agents {
            let (seen, token) = self.log_in(name, connected).await?;
            checks.push(Check::new(format!("{name} logs in"), granted(name, connected), seen));
            held.extend(token);
        }
        checks.push(Check::new("each its own token", apart(agents.len(), agents.len()), {
            let tokens: BTreeSet<&str> = held.iter().map(|held| held.token.as_str()).collect();
            let owners: BTreeSet<_> = held.iter().map(|held| held.agent).collect();
            apart(tokens.len(), owners.len())
        }));
        let seen = self.try_login(None).await?;
        checks.push(Check::new("a login without a name", without_name(agents), seen));
        let nobody = nobody(agents);
        let seen = self.try_login(Some(&nobody)).await?;
        checks.push(Check::new(format!("{nobody} logs in"), refused(UNKNOWN, agents), seen));
        Ok(checks)
    }

    /// Logs this agent in, and has the broker say whose token that is.
    async fn log_in(&self, name: &str, connected: bool) -> Result<(String, Option<Held>), Failure> {
        let login = self.cloud.login(&self.broker, Some(name)).await?;
        let LoginAnswer { session_token, agent, .. } =
            match patiently(|| self.broker.login(&login)).await {
                Ok(answer) => answer,
                Err(error) => return Ok((told(error)?, None)),
            };
        let held = Held { token: Zeroizing::new(session_token), agent: agent.id };
        let seen = match patiently(|| self.broker.me(&held.token)).await {
            Ok(me) if connected && !me.agent.connected => format!("200 {}, away", me.agent.name),
            Ok(me) => granted(&me.agent.name, connected),
            Err(error) => format!("200 {}, and its token: {}", agent.name, told(error)?),
        };
        Ok((seen, Some(held)))
    }

    async fn try_login(&self, name: Option<&str>) -> Result<String, Failure> {
        let login = self.cloud.login(&self.broker, name).await?;
        match patiently(|| self.broker.dry_run(login.clone())).await {
            Ok(answer) => Ok(granted(&answer.agent.name, false)),
            Err(error) => told(error),
        }
    }
}

const AMBIGUOUS: &str = "409 agent-ambiguous";
const UNKNOWN: &str = "404 agent-unknown";

fn granted(name: &str, connected: bool) -> String {
    format!("200 {name}{}", if connected { ", connected" } else { "" })
}

fn apart(tokens: usize, agents: usize) -> String {
    format!("{tokens} tokens of {agents} agents")
}

/// The only agent of a machine needs no name.
fn without_name(agents: &BTreeSet<String>) -> String {
    match agents.first() {
        Some(only) if agents.len() == 1 => granted(only, false),
        _ => refused(AMBIGUOUS, agents),
    }
}

fn refused<'a>(verdict: &str, agents: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = agents.into_iter().map(String::as_str).collect();
    format!("{verdict}: {}", names.join(", "))
}

/// A name that none of these agents has.
fn nobody(agents: &BTreeSet<String>) -> String {
    let mut name = "nobody".to_owned();
    while agents.iter().any(|agent| agent.eq_ignore_ascii_case(&name)) {
        name.push('x');
    }
    name
}

/// The broker's refusal, in short; without a broker there is nothing to be checked.
fn told(error: ClientError) -> Result<String, Failure> {
    let ClientError::Refused(problem) = error else { return Err(error.into()) };
    let Problem { status, code, agents, .. } = *problem;
    let verdict = format!("{status} {code}");
    Ok(match agents {
        Some(agents) => refused(&verdict, &agents),
        None => verdict,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_names_are_agents_names_and_each_is_there_once() {
        let given =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&given(&["main", " dev"])).unwrap(), set(&["dev", "main"]));
        for wrong in [&["main", "main"][..], &["main", ""], &["a b"]] {
            assert!(names(&given(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_expected_depends_on_how_many_share_the_machine() {
        assert_eq!(without_name(&set(&["main"])), "200 main");
        assert_eq!(without_name(&set(&["main", "dev"])), "409 agent-ambiguous: dev, main");
        assert_eq!(refused(UNKNOWN, &set(&["main", "dev"])), "404 agent-unknown: dev, main");
    }

    #[test]
    fn nobody_is_none_of_the_agents() {
        assert_eq!(nobody(&set(&["main"])), "nobody");
        assert_eq!(nobody(&set(&["Nobody", "nobodyx"])), "nobodyxx");
    }
}
