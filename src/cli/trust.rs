//! `callsign trust`: whose signatures would the broker believe?

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::outcome::{Failure, Outcome, print};
use super::sources::ConfigFiles;
use super::table::{Output, table, terminal_width};
use crate::broker::trust::{TrustSourceError, load_aws, load_azure, load_files};
use crate::clock::Clock;
use crate::config;
use crate::identity::{Anchor, AwsTrust, AzureTrust, Trust, TrustedKey};

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
    /// List the keys and anchors that are believed, and warn of what to look at
    ///
    /// Reads the given trust files, or without any the sources that the configuration names. Tells
    /// everything that is wrong in them; exit code 0 if nothing is.
    #[command(after_help = "Examples:
  callsign trust check
  callsign trust check emulator/aws.toml emulator/azure.toml
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
    let trust = check.trust()?;
    let now = Clock::system().now();
    let of_azure = trust.azure.anchors().next().map(|_| trust.azure.warnings(now));
    for warning in trust.aws.warnings(now).into_iter().chain(of_azure.into_iter().flatten()) {
        eprintln!("warning: {warning}");
    }
    match check.output {
        Output::Table => {
            let tables = [key_table(&trust.aws), anchor_table(&trust.azure, now)];
            print(tables.into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
        }
        Output::Json => {
            print(keys(&trust.aws).chain(anchors(&trust.azure, now)).collect::<serde_json::Value>())
        }
    }
}

impl Check {
    fn trust(&self) -> Result<Trust, Failure> {
        if self.files.is_empty() {
            return configured(&self.config.load()?.identity).map_err(Failure::new);
        }
        load_files(&self.files).map_err(Failure::new)
    }
}

/// Of a provider that is switched off as well: it is looked into before it is switched on.
fn configured(identity: &config::Identity) -> Result<Trust, TrustSourceError> {
    let aws = load_aws(&identity.aws.trust)?;
    Ok(Trust { aws, azure: load_azure(&identity.azure.trust)?, ..Trust::default() })
}

fn key_table(trust: &AwsTrust) -> Option<String> {
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
    let heads = ["PROVIDER", "REGION", "KIND", "BITS", "CERTIFICATE UNTIL", "KEY SHA-256"];
    (!rows.is_empty()).then(|| table(heads, &rows, terminal_width()))
}

/// One that has ended, or ends soon, is marked.
fn anchor_table(trust: &AzureTrust, now: DateTime<Utc>) -> Option<String> {
    let row = |anchor: &Anchor| {
        [
            "azure".to_owned(),
            anchor.name().to_owned(),
            day(anchor.not_after()),
            anchor.standing(now).as_str().to_owned(),
            anchor.spki_sha256().to_owned(),
        ]
    };
    let rows: Vec<_> = trust.anchors().map(row).collect();
    let heads = ["PROVIDER", "ANCHOR", "UNTIL", "STANDING", "KEY SHA-256"];
    (!rows.is_empty()).then(|| table(heads, &rows, terminal_width()))
}

fn keys(trust: &AwsTrust) -> impl Iterator<Item = serde_json::Value> {
    trust.keys().map(|key| {
        json!({
            "provider": "aws",
            "region": key.region(),
            "kind": key.kind().as_str(),
            "bits": key.bits(),
            "certificate_not_after": key.certificate_not_after(),
            "spki_sha256": key.spki_sha256(),
        })
    })
}

fn anchors(trust: &AzureTrust, now: DateTime<Utc>) -> impl Iterator<Item = serde_json::Value> {
    trust.anchors().map(move |anchor| {
        json!({
            "provider": "azure",
            "name": anchor.name(),
            "not_after": anchor.not_after(),
            "standing": anchor.standing(now).as_str(),
            "spki_sha256": anchor.spki_sha256(),
        })
    })
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}
