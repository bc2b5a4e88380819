//! What does the demo show? Five logins from one machine, each with what it should lead to.

use super::cloud;
use super::stage::Stage;
use crate::cli::outcome::{Failure, Outcome, print};
use crate::client::ClientError;
use crate::wire::{LoginAnswer, Problem};

/// A name that no agent has.
const NOBODY: &str = "ghost";

/// What came out of a step, told to people; `Err` where it is not what it should be.
type Seen = Result<String, String>;

/// Shows every step, and fails if one of them was not as it should be.
pub(super) async fn walk(stage: &Stage) -> Outcome {
    let (main, dev) = tokio::join!(log_in(stage, "main"), log_in(stage, "dev"));
    let steps: [(&str, Seen); 6] = [
        ("main logs in by its name", speaks_for(stage, "main", &main).await),
        ("dev logs in by its name", speaks_for(stage, "dev", &dev).await),
        ("the two tokens are two", differ(&main, &dev)),
        ("a login without a name", refused(stage, None, "agent-ambiguous").await),
        ("a login by an unknown name", refused(stage, Some(NOBODY), "agent-unknown").await),
        ("a forged document", forged(stage).await),
    ];
    for (number, (title, seen)) in (1..).zip(&steps) {
        let (mark, text) = match seen {
            Ok(text) => ("ok", text),
            Err(text) => ("WRONG", text),
        };
        print(format_args!("{number}. {title:<28}{mark:<6}{text}"))?;
    }
    match steps.iter().filter(|(_, seen)| seen.is_err()).count() {
        0 => Ok(()),
        wrong => Err(Failure::new(format!("{wrong} of {} steps went wrong", steps.len()))),
    }
}

/// Reads the machine's proof and logs in with it, as an agent does.
async fn log_in(stage: &Stage, name: &str) -> Result<LoginAnswer, String> {
    let login = stage.proof(Some(name)).await.map_err(text)?;
    stage.broker.login(&login).await.map_err(text)
}

async fn speaks_for(stage: &Stage, name: &str, login: &Result<LoginAnswer, String>) -> Seen {
    let answer = login.as_ref().map_err(Clone::clone)?;
    let me = stage.broker.me(&answer.session_token).await.map_err(text)?;
    if me.agent.name != name || answer.agent.name != name {
        return Err(format!("the token speaks for {}", me.agent.name));
    }
    Ok(format!("200  a token for {name} on {}, good for {} s", me.resource.name, answer.expires_in))
}

fn differ(main: &Result<LoginAnswer, String>, dev: &Result<LoginAnswer, String>) -> Seen {
    match (main, dev) {
        (Ok(main), Ok(dev)) if main.agent.id == dev.agent.id => Err("one agent".to_owned()),
        (Ok(main), Ok(dev)) if main.session_token == dev.session_token => {
            Err("one token".to_owned())
        }
        (Ok(main), Ok(dev)) => Ok(format!("agents {} and {}", main.agent.id, dev.agent.id)),
        _ => Err("there are no two tokens".to_owned()),
    }
}

async fn refused(stage: &Stage, name: Option<&str>, code: &str) -> Seen {
    let login = stage.proof(name).await.map_err(text)?;
    refusal(stage.broker.login(&login).await, code)
}

/// A proof for another machine than the one that the cloud signed it for.
async fn forged(stage: &Stage) -> Seen {
    let genuine = stage.proof(Some("main")).await.map_err(text)?;
    let forged = cloud::forged(genuine).ok_or("the proof could not be forged")?;
    refusal(stage.broker.login(&forged).await, "identity-rejected")
}

fn refusal(outcome: Result<LoginAnswer, ClientError>, code: &str) -> Seen {
    match outcome {
        Ok(answer) => Err(format!("200  a token for {}", answer.agent.name)),
        Err(ClientError::Refused(problem)) if problem.code == code => Ok(told(&problem)),
        Err(ClientError::Refused(problem)) => Err(told(&problem)),
        Err(error) => Err(error.to_string()),
    }
}

fn told(problem: &Problem) -> String {
    let names = problem.agents.as_ref().map(|agents| format!(": {}", agents.join(", ")));
    format!("{}  {}{}", problem.status, problem.code, names.unwrap_or_default())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
