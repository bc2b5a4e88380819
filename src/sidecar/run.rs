//! How does it all go together? One loop: what the watch says is done when it is due, and meanwhile
//! signals and the program's end are heard.

use std::future::pending;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep_until};

use super::error::SidecarError;
use super::keeper::Keeper;
use super::program::{Program, code_of, run_hook};
use super::settings::Settings;
use super::signals::{Signals, ends, is_ours_to_pass_on};
use super::token_file;
use super::watch::{Happened, Task, Verdict, Watch};
use crate::clock::Clock;

/// How a sidecar ended.
#[derive(Debug)]
pub enum Ending {
    /// The program ended, with this exit code.
    Program(u8),
    /// It was told to end, by this signal.
    Told(i32),
    /// There is no token to be had, or none any more.
    Failed(SidecarError),
}

/// Runs until the program ends, somebody says so, or there is no token to be had. `random` gives
/// numbers from 0 to 1.
pub async fn run(settings: &Settings, clock: Clock, random: impl Fn() -> f64) -> Ending {
    match Sidecar::new(settings, clock) {
        Ok(sidecar) => sidecar.run(random).await,
        Err(error) => Ending::Failed(error),
    }
}

struct Sidecar<'a> {
    settings: &'a Settings,
    begun: Instant,
    signals: Signals,
    program: Option<Program>,
    /// Whether there was a first token.
    has_begun: bool,
    watch: Watch,
    keeper: Keeper<'a>,
}

impl<'a> Sidecar<'a> {
    fn new(settings: &'a Settings, clock: Clock) -> Result<Self, SidecarError> {
        token_file::check(&settings.token_file)?;
        let signals = Signals::new()
            .map_err(|error| SidecarError::Program(format!("signals cannot be heard: {error}")))?;
        Ok(Self {
            settings,
            begun: Instant::now(),
            signals,
            program: None,
            has_begun: false,
            watch: Watch::new(settings.wait),
            keeper: Keeper::new(settings, clock),
        })
    }

    async fn run(mut self, random: impl Fn() -> f64) -> Ending {
        loop {
            let (task, due) = self.watch.next();
            let happened = match self.perform(task, due).await {
                Ok(happened) => happened,
                Err(ending) => return ending,
            };
            let now = self.begun.elapsed();
            if self.watch.on(happened, now, random()) == Verdict::End {
                return self.end().await;
            }
            self.keeper.tell(happened);
            self.keeper.note(self.watch.login_at().saturating_sub(now));
            if let Err(error) = self.use_token(happened) {
                return Ending::Failed(error);
            }
        }
    }

    /// Does the task when it is due, unless the end comes first.
    async fn perform(&mut self, task: Task, due: Duration) -> Result<Happened, Ending> {
        let Self { begun, signals, program, keeper, .. } = self;
        let due = *begun + due;
        let work = async {
            sleep_until(due).await;
            keeper.perform(task).await
        };
        tokio::pin!(work);
        loop {
            tokio::select! {
                happened = &mut work => return Ok(happened),
                ended = ended(program) => return Err(Ending::Program(ended.map_or(1, code_of))),
                signal = signals.next() => hear(signal, program.as_ref())?,
            }
        }
    }

    /// Starts the program with the first token, and tells of each later one.
    fn use_token(&mut self, happened: Happened) -> Result<(), SidecarError> {
        let (Happened::LoggedIn(_), Some(name)) = (happened, self.keeper.agent_name()) else {
            return Ok(());
        };
        let Settings { command, token_file, on_renew, .. } = self.settings;
        if !std::mem::replace(&mut self.has_begun, true) {
            self.program = Program::start(command, token_file, name)?;
        } else if let Some(line) = on_renew {
            run_hook(line, token_file, name);
        }
        Ok(())
    }

    /// There is no token to be had any more, so there is nothing for the program to do.
    async fn end(self) -> Ending {
        if let Some(program) = self.program {
            program.stop().await;
        }
        let nothing = || SidecarError::Program("there was nothing left to do".to_owned());
        Ending::Failed(self.keeper.last_error.unwrap_or_else(nothing))
    }
}

/// The program hears what we hear; without one, we are meant.
fn hear(signal: Signal, program: Option<&Program>) -> Result<(), Ending> {
    match program {
        Some(program) if is_ours_to_pass_on(signal) => program.signal(signal),
        Some(_) => {}
        None if ends(signal) => return Err(Ending::Told(signal.as_raw())),
        None => {}
    }
    Ok(())
}

/// The end of the program, if there is one.
async fn ended(program: &mut Option<Program>) -> io::Result<ExitStatus> {
    match program {
        Some(program) => program.end().await,
        None => pending().await,
    }
}
