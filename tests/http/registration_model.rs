//! Do API, database and a simple model agree, whatever operators, files, logins, root agents, restarts
//! and kills do in whatever order?

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use entity::{agent, resource};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use reqwest::{Method, RequestBuilder};
use rustix::process::Signal;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::support::broker::{Answer, send};
use crate::support::machine::AwsMachine;
use crate::support::program::Program;

/// Agents by name, each with its parent.
type Agents = BTreeMap<String, Option<String>>;
type Machine = u8;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Declared {
    generation: u8,
    agents: Agents,
}

#[derive(Clone, Debug)]
enum Step {
    Put(Machine, Declared),
    Delete(Machine),
    Reload(BTreeMap<Machine, Declared>),
    LogIn(Machine, Option<&'static str>),
    /// A token of a sub-agent, by one of the good tokens.
    Delegate(usize, &'static str),
    Restart,
    /// Killed so many microseconds after it was asked for this.
    Kill(Machine, Declared, u64),
}

/// `main` may come in another case, `dev` may become a sub-agent of either.
fn declared() -> impl Strategy<Value = Declared> {
    (0..2u8, 0..3usize, 0..3usize, any::<bool>()).prop_map(|(generation, main, dev, ops)| {
        let main = [None, Some("main"), Some("Main")][main];
        let mut agents = Agents::new();
        agents.extend(main.map(|name| (name.to_owned(), None)));
        match (dev, main) {
            (0, _) => {}
            (2, Some(parent)) => drop(agents.insert("dev".to_owned(), Some(parent.to_owned()))),
            _ => drop(agents.insert("dev".to_owned(), None)),
        }
        if ops {
            agents.insert("ops".to_owned(), None);
        }
        Declared { generation, agents }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let names = [None, Some("main"), Some("Main"), Some("dev"), Some("ops")];
    prop_oneof![
        6 => (0..3u8, declared()).prop_map(|(machine, declared)| Step::Put(machine, declared)),
        2 => (0..3u8).prop_map(Step::Delete),
        2 => btree_map(0..3u8, declared(), 0..3).prop_map(Step::Reload),
        6 => (0..3u8, prop::sample::select(names.to_vec())).prop_map(|(m, name)| Step::LogIn(m, name)),
        4 => (0..8usize, prop::sample::select(names[1..].to_vec()))
            .prop_map(|(token, name)| Step::Delegate(token, name.unwrap_or_default())),
        1 => Just(Step::Restart),
        2 => (0..3u8, declared(), 0..8_000u64).prop_map(|(m, declared, after)| Step::Kill(m, declared, after)),
    ]
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Live {
    origin: &'static str,
    declared: Declared,
}

/// A token, and whom it speaks for.
#[derive(Clone)]
struct Token {
    jwt: String,
    machine: Machine,
    agent: String,
}

/// All that there should be.
#[derive(Clone, Default)]
struct Model {
    live: BTreeMap<Machine, Live>,
    ever: BTreeSet<Machine>,
    file: BTreeMap<Machine, Declared>,
    good: Vec<Token>,
    ended: Vec<String>,
}

impl Model {
    fn converge(&mut self, machine: Machine, declared: &Declared, origin: &'static str) {
        let before = self.live.insert(machine, Live { origin, declared: declared.clone() });
        self.ever.insert(machine);
        let before = before.map(|live| live.declared);
        let before = before.filter(|before| before.generation == declared.generation);
        self.end(machine, |name| {
            before.as_ref().is_some_and(|before| keeps(before, declared, name))
        });
    }

    fn retire(&mut self, machine: Machine) {
        self.live.remove(&machine);
        self.end(machine, |_| false);
    }

    fn end(&mut self, machine: Machine, is_kept: impl Fn(&str) -> bool) {
        let (good, ended) = std::mem::take(&mut self.good)
            .into_iter()
            .partition(|token: &Token| token.machine != machine || is_kept(&token.agent));
        self.good = good;
        self.ended.extend(ended.into_iter().map(|token: Token| token.jwt));
    }

    /// What a PUT does; it is the verdict.
    fn put(&mut self, machine: Machine, declared: &Declared) -> &'static str {
        let verdict = match self.live.get(&machine) {
            Some(live) if live.origin == "file" => return "409 owned-by-file",
            Some(live) if live.declared.generation == declared.generation => "200",
            _ => "201",
        };
        self.converge(machine, declared, "api");
        verdict
    }

    /// What a start or a reload does.
    fn deploy(&mut self) {
        for (machine, declared) in self.file.clone() {
            if self.live.get(&machine).is_none_or(|live| live.origin == "file") {
                self.converge(machine, &declared, "file");
            }
        }
        let left: Vec<Machine> = self
            .live
            .iter()
            .filter(|(machine, live)| live.origin == "file" && !self.file.contains_key(machine))
            .map(|(machine, _)| *machine)
            .collect();
        left.into_iter().for_each(|machine| self.retire(machine));
    }

    /// The live resources.
    fn expected(&self) -> BTreeMap<String, Value> {
        self.live.iter().map(|(machine, live)| (id(*machine), seen(live))).collect()
    }

    fn candidates(&self, machine: Machine) -> Option<Vec<String>> {
        let agents = &self.live.get(&machine)?.declared.agents;
        let roots = agents.iter().filter(|(_, parent)| parent.is_none());
        Some(roots.map(|(name, _)| name.clone()).collect())
    }

    /// The verdict on a login; of a good one, the agent.
    fn login(&self, machine: Machine, name: Option<&str>) -> (&'static str, Option<String>) {
        let Some(candidates) = self.candidates(machine) else {
            let known = self.ever.contains(&machine);
            return (if known { "410 instance-retired" } else { "404 instance-unknown" }, None);
        };
        let chosen = match (name, candidates.as_slice()) {
            (Some(name), all) => all.iter().find(|candidate| *candidate == name),
            (None, [only]) => Some(only),
            (None, []) => None,
            (None, _) => return ("409 agent-ambiguous", None),
        };
        chosen.map_or(("404 agent-unknown", None), |name| ("200", Some(name.clone())))
    }
}

/// The verdict on the wish of an agent for a token of another one of its machine.
fn delegation(declared: &Declared, asks: &str, name: &str) -> &'static str {
    match (&declared.agents[asks], declared.agents.get(name)) {
        (Some(_), _) => "403 not-a-root-agent",
        (None, Some(Some(parent))) if parent == asks => "200",
        (None, _) => "404 agent-unknown",
    }
}

/// Whether an agent of this name lives on: it, its parent and its parent's name are the same.
fn keeps(before: &Declared, after: &Declared, name: &str) -> bool {
    let parent = before.agents.get(name);
    let parent_kept = parent.is_some_and(|parent| match parent {
        Some(parent) => after.agents.get(parent) == Some(&None),
        None => true,
    });
    parent == after.agents.get(name) && parent_kept
}

fn id(machine: Machine) -> String {
    format!("i-{machine}")
}

fn path(machine: Machine) -> String {
    format!("/v1/resources/aws/{}", id(machine))
}

fn body(declared: &Declared) -> Value {
    let agents: Vec<Value> = declared
        .agents
        .iter()
        .map(|(name, parent)| json!({ "name": name, "parent": parent }))
        .collect();
    json!({ "name": "n", "generation": declared.generation.to_string(), "agents": agents })
}

fn toml(file: &BTreeMap<Machine, Declared>) -> String {
    let agent = |(name, parent): (&String, &Option<String>)| match parent {
        Some(parent) => format!("{{ name = \"{name}\", parent = \"{parent}\" }}"),
        None => format!("{{ name = \"{name}\" }}"),
    };
    let entry = |(machine, declared): (&Machine, &Declared)| {
        let agents: Vec<String> = declared.agents.iter().map(agent).collect();
        format!(
            "[[resource]]\nprovider = \"aws\"\ninstance_id = \"{}\"\nname = \"n\"\n\
             generation = \"{}\"\nagents = [{}]\n",
            id(*machine),
            declared.generation,
            agents.join(", ")
        )
    };
    "[limits]\ninstance_rate = 0\n".to_owned() + &file.iter().map(entry).collect::<String>()
}

/// The broker, and what it should be like.
struct Run {
    broker: Program,
    model: Model,
}

impl Run {
    async fn take(&mut self, step: &Step) {
        match step {
            Step::Put(machine, declared) => self.put(*machine, declared).await,
            Step::Delete(machine) => self.delete(*machine).await,
            Step::Reload(file) => {
                self.model.file.clone_from(file);
                self.model.deploy();
                self.broker.reload(&toml(file));
            }
            Step::LogIn(machine, name) => self.log_in(*machine, *name).await,
            Step::Delegate(token, name) => self.delegate(*token, name).await,
            Step::Restart => {
                self.model.deploy();
                self.broker.again_after(Signal::TERM, &toml(&self.model.file));
            }
            Step::Kill(machine, declared, after) => self.kill(*machine, declared, *after).await,
        }
    }

    async fn put(&mut self, machine: Machine, declared: &Declared) {
        let answer = send(self.declare(machine, declared)).await;
        let before = self.model.live.get(&machine).cloned();
        let expected = self.model.put(machine, declared);
        assert_eq!(answer.verdict(), expected, "{}", answer.text);
        if expected.starts_with('2') {
            let same = before.is_some_and(|live| live.declared == *declared);
            assert_eq!(answer.json()["changed"], !same, "{}", answer.text);
        }
    }

    fn declare(&self, machine: Machine, declared: &Declared) -> RequestBuilder {
        self.broker.operator(Method::PUT, &path(machine)).json(&body(declared))
    }

    /// What was not answered was done as a whole, or not at all.
    async fn kill(&mut self, machine: Machine, declared: &Declared, after: u64) {
        let mut put = Box::pin(self.declare(machine, declared).send());
        let answer = tokio::time::timeout(Duration::from_micros(after), &mut put).await;
        self.broker.again_after(Signal::KILL, &toml(&self.model.file));
        let answer = match answer {
            Ok(answer) => answer,
            Err(_under_way) => put.await,
        };
        let mut done = self.model.clone();
        let verdict = done.put(machine, declared);
        done.deploy();
        self.model.deploy();
        if let Ok(answer) = answer {
            assert_eq!(answer.status().as_str(), verdict.split(' ').next().unwrap());
            self.model = done;
        } else if self.found().await == done.expected() {
            self.model = done;
        }
    }

    async fn delete(&mut self, machine: Machine) {
        let answer = send(self.broker.operator(Method::DELETE, &path(machine))).await;
        let expected = match self.model.live.get(&machine) {
            None => "404 instance-unknown",
            Some(live) if live.origin == "file" => "409 owned-by-file",
            Some(_) => "204",
        };
        assert_eq!(answer.verdict(), expected, "{}", answer.text);
        if expected == "204" {
            self.model.retire(machine);
        }
    }

    async fn delegate(&mut self, token: usize, name: &str) {
        let Some(Token { jwt, machine, agent }) = self.model.good.get(token).cloned() else {
            return;
        };
        let path = format!("/v1/agents/me/sub-agents/{name}/token");
        let answer = self.broker.ask_as(Method::POST, &path, &jwt).await;
        let expected = delegation(&self.model.live[&machine].declared, &agent, name);
        assert_eq!(answer.verdict(), expected, "{}", answer.text);
        if expected == "200" {
            let jwt = answer.json()["session_token"].as_str().unwrap().to_owned();
            self.model.good.push(Token { jwt, machine, agent: name.to_owned() });
        }
    }

    async fn log_in(&mut self, machine: Machine, name: Option<&str>) {
        let answer = self.try_log_in(machine, name).await;
        if answer.status != 409 {
            return;
        }
        let offered = answer.json()["agents"].clone();
        assert_eq!(json!(self.model.candidates(machine)), offered);
        for name in offered.as_array().unwrap() {
            let answer = self.try_log_in(machine, name.as_str()).await;
            assert_eq!(answer.status, 200, "{name} was offered: {}", answer.text);
        }
    }

    async fn try_log_in(&mut self, machine: Machine, name: Option<&str>) -> Answer {
        let answer = self.broker.log_in(&AwsMachine::new(&id(machine)), name).await;
        let (verdict, agent) = self.model.login(machine, name);
        assert_eq!(answer.verdict(), verdict, "{}", answer.text);
        if let Some(agent) = agent {
            let body = answer.json();
            assert_eq!(body["agent"]["name"], agent);
            let jwt = body["session_token"].as_str().unwrap().to_owned();
            self.model.good.push(Token { jwt, machine, agent });
        }
        answer
    }

    /// The live resources by the API.
    async fn found(&self) -> BTreeMap<String, Value> {
        let list = send(self.broker.operator(Method::GET, "/v1/resources?live=true")).await.json();
        let items = list["items"].as_array().unwrap();
        let found: BTreeMap<String, Value> = items
            .iter()
            .map(|item| (item["instance_id"].as_str().unwrap().to_owned(), shown(item)))
            .collect();
        assert_eq!(found.len(), items.len(), "two live resources of one machine");
        found
    }

    /// API, database and tokens are as the model says.
    async fn check(&self) {
        let expected = self.model.expected();
        assert_eq!(self.found().await, expected);
        self.check_rows(&expected).await;
        let me = |jwt| self.broker.ask_as(Method::GET, "/v1/agents/me", jwt);
        for token in &self.model.good {
            let me = me(&token.jwt).await;
            assert_eq!((me.status, &me.json()["agent"]["name"]), (200, &json!(token.agent)));
        }
        for jwt in &self.model.ended {
            assert_eq!(me(jwt).await.status, 401);
        }
    }

    async fn check_rows(&self, expected: &BTreeMap<String, Value>) {
        let sql = self.broker.sql().await;
        let live = resource::Entity::find().filter(resource::Column::RetiredAt.is_null());
        let live = live.all(&sql).await.unwrap();
        let ids: Vec<&String> = live.iter().map(|row| &row.instance_id).collect();
        let distinct: BTreeSet<&String> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len());
        assert_eq!(distinct, expected.keys().collect());
        let agents = agent::Entity::find().filter(agent::Column::RetiredAt.is_null());
        let agents = agents.all(&sql).await.unwrap();
        let count: usize = self.model.live.values().map(|live| live.declared.agents.len()).sum();
        assert_eq!(agents.len(), count, "an agent outlived its resource");
    }
}

/// A live resource as the model has it.
fn seen(live: &Live) -> Value {
    let generation = live.declared.generation.to_string();
    json!({ "origin": live.origin, "generation": generation, "agents": live.declared.agents })
}

/// The same of an answer.
fn shown(item: &Value) -> Value {
    let agents = item["agents"].as_array().unwrap().iter();
    let agents: BTreeMap<&str, &Value> =
        agents.map(|agent| (agent["name"].as_str().unwrap(), &agent["parent"])).collect();
    json!({ "origin": item["origin"], "generation": item["generation"], "agents": agents })
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn api_database_and_model_agree_after_every_step(steps in vec(step(), 1..25)) {
        actix::System::new().block_on(async {
            let broker = Program::start(&toml(&BTreeMap::new())).await;
            let mut run = Run { broker, model: Model::default() };
            for step in &steps {
                Box::pin(run.take(step)).await;
                run.check().await;
            }
        });
    }
}
