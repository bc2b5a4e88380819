//! How is the program run? With the token's place in its environment, as if it had been started in
//! our stead: what it is told it hears, and how it ends is how we end.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::error::SidecarError;

/// How long a program may take to end when its agent has been retired.
const GRACE: Duration = Duration::from_secs(10);

/// How long what is run after a renewal may take.
const HOOK: Duration = Duration::from_secs(60);

/// A program that runs.
#[derive(Debug)]
pub(super) struct Program(Child);

impl Program {
    /// Starts it.
    pub(super) fn start(
        command: &[OsString],
        token_file: &Path,
        agent_name: &str,
    ) -> Result<Option<Self>, SidecarError> {
        let Some((name, arguments)) = command.split_first() else { return Ok(None) };
        let mut child = Command::new(name);
        child.args(arguments);
        let spawned = with_token(&mut child, token_file, agent_name).spawn();
        spawned.map(|child| Some(Self(child))).map_err(|error| {
            let name = name.display();
            SidecarError::Program(format!("the program {name} cannot be started: {error}"))
        })
    }

    /// Waits for its end.
    pub(super) async fn end(&mut self) -> io::Result<ExitStatus> {
        self.0.wait().await
    }

    /// Passes a signal on.
    pub(super) fn signal(&self, signal: Signal) {
        // Without an id it has been waited for: there is nobody left to tell.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id
            && let Err(error) = kill_process(id, signal)
        {
            tracing::warn!(%error, ?signal, "a signal could not be passed on");
        }
    }

    /// Asks it to end, and makes it end when it does not.
    pub(super) async fn stop(mut self) {
        self.signal(Signal::TERM);
        if tokio::time::timeout(GRACE, self.0.wait()).await.is_err() {
            tracing::warn!("the program does not end when it is asked to: it is killed");
            // What it could say against that is that it has ended.
            let _ = self.0.kill().await;
        }
    }
}

/// The exit code for this end: its own, or as shells tell a signal.
pub(super) fn code_of(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Runs what is to be run after a renewal, beside everything else.
pub(super) fn run_hook(line: &str, token_file: &Path, agent_name: &str) {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(line).kill_on_drop(true);
    match with_token(&mut command, token_file, agent_name).spawn() {
        Ok(child) => drop(tokio::spawn(watch_hook(child))),
        Err(error) => tracing::warn!(%error, "--on-renew could not be started"),
    }
}

async fn watch_hook(mut child: Child) {
    match tokio::time::timeout(HOOK, child.wait()).await {
        Ok(Ok(status)) if status.success() => tracing::debug!("--on-renew is done"),
        Ok(Ok(status)) => tracing::warn!(%status, "--on-renew failed"),
        Ok(Err(error)) => tracing::warn!(%error, "--on-renew was lost sight of"),
        Err(_) => {
            tracing::warn!("--on-renew took over a minute: it is killed");
            let _ = child.kill().await;
        }
    }
}

fn with_token<'a>(
    command: &'a mut Command,
    token_file: &Path,
    agent_name: &str,
) -> &'a mut Command {
    command.env("CALLSIGN_TOKEN_FILE", token_file).env("CALLSIGN_AGENT_NAME", agent_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_as_shells_tell_it() {
        for (raw, code) in [(0, 0), (7 << 8, 7), (255 << 8, 255), (15, 143), (9, 137)] {
            assert_eq!(code_of(ExitStatus::from_raw(raw)), code);
        }
    }
}
