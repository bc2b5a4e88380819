//! How are the two tasks done? Reading, asking, writing: everything of a sidecar that takes time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::error::SidecarError;
use super::settings::Settings;
use super::skew::{describe, skew};
use super::status::{LastError, Status, TokenStatus};
use super::token_file;
use super::watch::{Happened, Task};
use super::weight::weigh;
use crate::clock::Clock;
use crate::wire::LoginAnswer;

/// Keeps the token file as it should be.
#[derive(Debug)]
pub(super) struct Keeper<'a> {
    settings: &'a Settings,
    clock: Clock,
    /// Who we are; known from the first login on. A machine may get further agents, and this one
    /// stays who it is.
    agent_name: Option<String>,
    token: Option<Zeroizing<String>>,
    status: Status,
    /// What ended it, if it ends now.
    pub(super) last_error: Option<SidecarError>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(settings: &'a Settings, clock: Clock) -> Self {
        let status = Status {
            pid: std::process::id(),
            started_at: clock.now(),
            broker: settings.broker.url().to_owned(),
            agent: settings.agent_name.clone(),
            resource: None,
            token: None,
            last_heartbeat_at: None,
            last_error: None,
        };
        let agent_name = settings.agent_name.clone();
        Self { settings, clock, agent_name, token: None, status, last_error: None }
    }

    /// Who we are, from the first login on.
    pub(super) fn agent_name(&self) -> Option<&str> {
        self.token.as_ref().and(self.agent_name.as_deref())
    }

    /// Does a task, and tells what came of it.
    pub(super) async fn perform(&mut self, task: Task) -> Happened {
        let outcome = match task {
            Task::LogIn => self.log_in().await.map(Happened::LoggedIn),
            Task::Beat => self.beat().await.map(|()| Happened::Beaten),
        };
        match outcome {
            Ok(happened) => {
                self.status.last_error = None;
                happened
            }
            Err(error) => self.failed(task, error),
        }
    }

    /// Says what went wrong, where it did and goes on.
    pub(super) fn tell(&self, happened: Happened) {
        let Some(error) = &self.last_error else { return };
        match happened {
            Happened::LoginFailed(_) => tracing::warn!(%error, "no new token yet"),
            Happened::BeatFailed(_) => {
                tracing::warn!(%error, "the broker could not be told that the agent is there");
            }
            Happened::LoggedIn(_) | Happened::Beaten => {}
        }
    }

    /// Writes down how it goes, with when the next login is due.
    pub(super) fn note(&mut self, until_renewal: Duration) {
        let renew_at = self.clock.now() + TimeDelta::from_std(until_renewal).unwrap_or_default();
        if let Some(token) = &mut self.status.token {
            token.renew_at = renew_at;
        }
        self.status.write(&self.settings.token_file);
    }

    async fn log_in(&mut self) -> Result<Duration, SidecarError> {
        let Settings { broker, cloud, .. } = self.settings;
        let login = cloud.login(broker, self.agent_name.as_deref()).await?;
        let asked = self.clock.now();
        let answer = broker.login(&login).await?;
        let answered = self.clock.now();
        let text = token_file::render(&answer, self.settings.format);
        token_file::replace(&self.settings.token_file, &text)?;
        warn_of_skew(asked, &answer, answered);
        Ok(self.take(answer, answered))
    }

    fn take(&mut self, answer: LoginAnswer, now: DateTime<Utc>) -> Duration {
        let LoginAnswer { session_token, expires_in, expires_at, agent, resource, .. } = answer;
        tracing::info!(agent = agent.name, resource = resource.name, %expires_at, "logged in");
        let renew_at = now;
        self.status.token = Some(TokenStatus { written_at: now, expires_at, renew_at });
        self.status.agent = Some(agent.name.clone());
        self.status.resource = Some(resource.name);
        self.agent_name = Some(agent.name);
        self.token = Some(Zeroizing::new(session_token));
        Duration::from_secs(u64::try_from(expires_in).unwrap_or(0))
    }

    async fn beat(&mut self) -> Result<(), SidecarError> {
        let Some(token) = &self.token else { return Ok(()) };
        self.settings.broker.heartbeat(token).await?;
        self.status.last_heartbeat_at = Some(self.clock.now());
        Ok(())
    }

    fn failed(&mut self, task: Task, error: SidecarError) -> Happened {
        let weight = weigh(&error);
        self.status.last_error =
            Some(LastError { at: self.clock.now(), message: error.to_string() });
        self.last_error = Some(error);
        match task {
            Task::LogIn => Happened::LoginFailed(weight),
            Task::Beat => Happened::BeatFailed(weight),
        }
    }
}

fn warn_of_skew(asked: DateTime<Utc>, answer: &LoginAnswer, answered: DateTime<Utc>) {
    let broker = answer.expires_at - TimeDelta::seconds(answer.expires_in);
    if let Some(ahead) = skew(asked, broker, answered) {
        tracing::warn!("{}", describe(ahead));
    }
}
