//! `callsign agent status`: how is the sidecar that keeps this token file?

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use rustix::process::{Pid, test_kill_process};

use crate::cli::outcome::{Failure, Outcome, print};
use crate::cli::table::Output;
use crate::clock::Clock;
use crate::sidecar::status::Status;

/// Tell how a running agent is: its token's age, its next renewal, its last error
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign agent status --token-file /run/callsign/main/token
  callsign agent status --token-file /run/callsign/main/token --output json

Exit codes: 0 there is a good token and the agent runs, 1 not.")]
pub(super) struct Args {
    /// The token file that the agent keeps
    #[arg(long, value_name = "PATH")]
    token_file: PathBuf,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

pub(super) fn run(args: Args) -> Outcome {
    let status = Status::read(&args.token_file).map_err(|error| {
        let path = Status::path(&args.token_file);
        Failure::new(format!(
            "no agent's status in {}: {error}\n  Is there an agent with that --token-file, run by \
             this user?",
            path.display()
        ))
    })?;
    let now = Clock::system().now();
    match args.output {
        Output::Json => print(serde_json::to_string(&status).map_err(Failure::new)?)?,
        Output::Table => print(describe(&status, is_running(status.pid), now))?,
    }
    match &status.token {
        Some(token) if token.expires_at > now && is_running(status.pid) => Ok(()),
        _ => Err(Failure::silent(1)),
    }
}

fn is_running(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // One that belongs to somebody else runs, too.
    pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

fn describe(status: &Status, runs: bool, now: DateTime<Utc>) -> String {
    let mut lines = vec![
        ("agent", status.agent.clone().unwrap_or_else(|| "not known yet".to_owned())),
        ("machine", status.resource.clone().unwrap_or_else(|| "not known yet".to_owned())),
        ("broker", status.broker.clone()),
        ("process", format!("{} {}", status.pid, if runs { "runs" } else { "has ended" })),
    ];
    match &status.token {
        None => lines.push(("token", "none yet".to_owned())),
        Some(token) => {
            lines.push(("token", relative(token.expires_at, now, "expires", "expired")));
            lines.push(("written", relative(token.written_at, now, "", "")));
            lines.push(("renewal", relative(token.renew_at, now, "due", "was due")));
        }
    }
    let heartbeat = status.last_heartbeat_at.map(|at| relative(at, now, "", ""));
    lines.push(("heartbeat", heartbeat.unwrap_or_else(|| "none yet".to_owned())));
    let error = status.last_error.as_ref();
    let error =
        error.map(|error| format!("{}: {}", relative(error.at, now, "", ""), error.message));
    lines.push(("last error", error.unwrap_or_else(|| "none".to_owned())));
    let lines: Vec<String> = lines.iter().map(|(what, text)| format!("{what:<11}{text}")).collect();
    lines.join("\n")
}

/// `expires in 40m`, `expired 3s ago`.
fn relative(at: DateTime<Utc>, now: DateTime<Utc>, before: &str, after: &str) -> String {
    let length = |span: TimeDelta| {
        crate::duration::Written(std::time::Duration::from_secs(span.num_seconds().unsigned_abs()))
    };
    let text = if at > now {
        format!("{before} in {}", length(at - now))
    } else {
        format!("{after} {} ago", length(now - at))
    };
    text.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sidecar::status::{LastError, TokenStatus};

    #[test]
    fn a_status_reads_as_people_ask() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let at = |seconds| now + TimeDelta::seconds(seconds);
        let status = Status {
            pid: 42,
            started_at: at(-4_000),
            broker: "https://callsign.example".to_owned(),
            agent: Some("main".to_owned()),
            resource: Some("build-7".to_owned()),
            token: Some(TokenStatus {
                written_at: at(-600),
                expires_at: at(3_000),
                renew_at: at(1_800),
            }),
            last_heartbeat_at: Some(at(-12)),
            last_error: Some(LastError { at: at(-5), message: "away".to_owned() }),
        };
        assert_eq!(
            describe(&status, true, now),
            "agent      main\nmachine    build-7\nbroker     https://callsign.example\n\
             process    42 runs\ntoken      expires in 50m\nwritten    10m ago\n\
             renewal    due in 30m\nheartbeat  12s ago\nlast error 5s ago: away"
        );
        let none = Status { token: None, last_heartbeat_at: None, last_error: None, ..status };
        let text = describe(&none, false, now);
        assert!(text.contains("42 has ended") && text.contains("token      none yet"), "{text}");
    }
}
