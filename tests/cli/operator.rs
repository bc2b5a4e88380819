//! An operator at a shell: commands in, exit code and text out.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::support::broker::{OPERATOR, TestBroker};

/// A shell with the broker's URL and an operator's token in its environment.
#[derive(Debug)]
pub struct Operator {
    pub url: String,
    pub token: String,
    folder: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Operator {
    pub fn of(broker: &TestBroker) -> Self {
        Self::at(&broker.service.url())
    }

    pub fn at(url: &str) -> Self {
        let (url, token) = (url.to_owned(), OPERATOR.to_owned());
        Self { url, token, folder: tempfile::tempdir().unwrap() }
    }

    /// Writes a file into the folder in which the commands run.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "").await
    }

    /// Runs a command with this on its standard input.
    pub async fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callsign"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("CALLSIGN_URL", &self.url).env("CALLSIGN_OPERATOR_TOKEN", &self.token);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that has seen enough does not read on.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        let output = child.wait_with_output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        Ran { code: output.status.code().unwrap(), out, err }
    }
}

impl Ran {
    /// The output of a command that went well.
    #[track_caller]
    pub fn well(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// What a command that went wrong said about it.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        assert!(!self.err.contains(OPERATOR) && !self.out.contains(OPERATOR), "{self:?}");
        self.err
    }

    /// The lines of the output of a command that went well, without the count at their end, which
    /// holds a time.
    #[track_caller]
    pub fn lines(self) -> Vec<String> {
        let mut lines: Vec<String> = self.well().lines().map(str::to_owned).collect();
        let count = lines.pop().unwrap();
        assert!(count.contains(", in ") && count.ends_with(" s."), "{count}");
        lines
    }
}
