//! How does a command end? Well, or with a message and an exit code.

use std::fmt::{self, Display};
use std::io;
use std::process::ExitCode;

use crate::client::ClientError;
use crate::sidecar::SidecarError;
use crate::wire::Problem;

/// How a command ended.
pub type Outcome = Result<(), Failure>;

/// Why a command failed: what is printed on standard error, and the exit code.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// A failure without a code of its own: exit code 1.
    pub(super) fn new(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }

    /// A command that cannot be carried out as it was typed: exit code 2.
    pub(super) fn usage(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    /// An end of which everything has been told already.
    pub(super) fn silent(code: u8) -> Self {
        Self { message: String::new(), code }
    }

    /// The same failure, told by now.
    pub(super) fn silenced(self) -> Self {
        Self::silent(self.code)
    }

    /// Something that does not exist: exit code 11.
    pub(super) fn unknown(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 11 }
    }

    /// The same failure with more to say.
    pub(super) fn adding(mut self, more: impl Display) -> Self {
        self.message.push_str(&format!("\n  {more}"));
        self
    }

    /// Tells the user, and gives the exit code.
    pub fn report(&self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("callsign: {}", self.message);
        }
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What a broker answers ends a command with the code of its cause.
impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let code = error.problem().map_or(UNREACHABLE, code_of);
        Self { message: error.to_string(), code }
    }
}

/// So does what keeps a machine from its token.
impl From<SidecarError> for Failure {
    fn from(error: SidecarError) -> Self {
        match error {
            SidecarError::Metadata(error) => Self { message: error.to_string(), code: UNREACHABLE },
            SidecarError::Broker(error) => error.into(),
            SidecarError::File(_) | SidecarError::Program(_) => Self::new(error),
        }
    }
}

/// No broker, or no metadata service, that answers.
const UNREACHABLE: u8 = 13;

fn code_of(problem: &Problem) -> u8 {
    match (problem.status, problem.code.as_str()) {
        (_, "agent-ambiguous") => 10,
        (_, "not-enabled") => 1,
        (404 | 410, _) => 11,
        (401 | 403, _) => 12,
        _ => 1,
    }
}

/// Prints to standard output; a reader that has gone, as `head`, is no failure.
pub(super) fn print(text: impl Display) -> Outcome {
    use io::Write as _;
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_exit_code() {
        for (status, code, expected) in [
            (409, "agent-ambiguous", 10),
            (409, "owned-by-file", 1),
            (404, "instance-unknown", 11),
            (404, "agent-unknown", 11),
            (404, "not-enabled", 1),
            (410, "instance-retired", 11),
            (401, "identity-rejected", 12),
            (403, "not-allowed", 12),
            (400, "malformed-request", 1),
        ] {
            let problem = Problem { status, code: code.to_owned(), ..Problem::default() };
            let failure = Failure::from(ClientError::Refused(Box::new(problem)));
            assert_eq!(failure.code, expected, "{status} {code}");
        }
        let away = ClientError::Unreachable { url: String::new(), reason: String::new() };
        assert_eq!(Failure::from(away).code, 13);
    }
}
