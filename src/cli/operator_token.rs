//! `callsign operator-token`: a new token for an operator, and the hash that the broker needs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::outcome::{Failure, Outcome, print};
use crate::names::AgentName;
use crate::token::random_bytes;

/// Make a token for an operator
///
/// Prints the token once, and the [[operator]] entry that lets its bearer in. The broker keeps the
/// hash only; a token that is lost cannot be had again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign operator-token --name ci
  callsign operator-token --name dashboard --scope read")]
pub(super) struct Args {
    /// The operator's name, for logs and records
    #[arg(long, default_value = "ci", value_parser = name)]
    name: String,
    /// What it may do; give it twice for both [default: both]
    #[arg(long = "scope", value_name = "SCOPE", value_parser = ["read", "write"])]
    scopes: Vec<String>,
}

pub(super) fn run(args: Args) -> Outcome {
    let random = random_bytes().ok_or_else(|| Failure::new("the system gives no randomness"))?;
    // The prefix lets secret scanners recognise a token that was committed by mistake.
    let token = Zeroizing::new(format!("csop_{}", URL_SAFE_NO_PAD.encode(random)));
    let hash: String =
        Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let scopes =
        if args.scopes.is_empty() { vec!["read".into(), "write".into()] } else { args.scopes };
    print(format_args!(
        "The token; it is shown this once:\n\n  {}\n\nFor the broker's configuration:\n\n\
         [[operator]]\nname = {:?}\ntoken_sha256 = \"{hash}\"\nscopes = {scopes:?}",
        token.as_str(),
        args.name,
    ))
}

fn name(text: &str) -> Result<String, String> {
    match AgentName::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("use letters, digits, . _ and -, at most 64".to_owned()),
    }
}
