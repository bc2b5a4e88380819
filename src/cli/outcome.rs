//! How does a command end? Well, or with a message and an exit code.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

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

    /// Tells the user, and gives the exit code.
    pub fn report(&self) -> ExitCode {
        eprintln!("callsign: {}", self.message);
        ExitCode::from(self.code)
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
