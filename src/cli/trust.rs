//! `callsign trust`: whose signatures would the broker believe?

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::outcome::{Failure, Outcome, print};
use super::sources::ConfigFiles;
use super::table::{Output, table, terminal_width};
use crate::broker::trust::load_aws;
use crate::clock::Clock;
use crate::config::TrustSource;
use crate::identity::{AwsTrust, TrustedKey};

/// Look into trust files
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign trust check                      whose signatures the broker believes
  callsign trust check emulator/aws.toml    what is in a file, and what is wrong with it")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the keys that are believed, and warn of what to look at
    ///
    /// Reads the given trust files, or without any the sources that the configuration names. Tells
    /// everything that is wrong in them; exit code 0 if nothing is.
    #[command(after_help = "Examples:
  callsign trust check
  callsign trust check emulator/aws.toml
  callsign trust check --config callsign.toml --output json")]
    Check(Check),
}

#[derive(Debug, clap::Args)]
struct Check {
    #[command(flatten)]
    config: ConfigFiles,
    /// Trust files to read instead of the configured sources
    files: Vec<PathBuf>,
    /// The form of the list
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

pub(super) fn run(Args { command: Command::Check(check) }: Args) -> Outcome {
    let trust = load_aws(&check.sources()?).map_err(Failure::new)?;
    let now = Clock::system().now();
    for warning in trust.warnings(now) {
        eprintln!("warning: {warning}");
    }
    match check.output {
        Output::Table => print(key_table(&trust)),
        Output::Json => print(key_list(&trust)),
    }
}

impl Check {
    fn sources(&self) -> Result<Vec<TrustSource>, Failure> {
        if self.files.is_empty() {
            return Ok(self.config.load()?.identity.aws.trust);
        }
        Ok(self.files.iter().cloned().map(TrustSource::File).collect())
    }
}

fn key_table(trust: &AwsTrust) -> String {
    let row = |key: &TrustedKey| {
        [
            "aws".to_owned(),
            key.region().to_owned(),
            key.kind().as_str().to_owned(),
            key.bits().to_string(),
            key.certificate_not_after().map_or("-".to_owned(), day),
            key.spki_sha256().to_owned(),
        ]
    };
    let rows: Vec<_> = trust.keys().map(row).collect();
    table(
        ["PROVIDER", "REGION", "KIND", "BITS", "CERTIFICATE UNTIL", "KEY SHA-256"],
        &rows,
        terminal_width(),
    )
}

fn key_list(trust: &AwsTrust) -> serde_json::Value {
    let entry = |key: &TrustedKey| {
        json!({
            "provider": "aws",
            "region": key.region(),
            "kind": key.kind().as_str(),
            "bits": key.bits(),
            "certificate_not_after": key.certificate_not_after(),
            "spki_sha256": key.spki_sha256(),
        })
    };
    trust.keys().map(entry).collect()
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}
