//! To which broker does an operator speak, and with which token?

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use reqwest::Url;
use zeroize::Zeroizing;

use super::authorities::Authorities;
use super::outcome::Failure;
use crate::client::RegistrationClient;

/// Where a broker listens unless it is told otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:7480";

/// Holds the operator's token. There is no flag for it: a flag stands in the list of processes,
/// for everybody on the machine to read.
const TOKEN: &str = "CALLSIGN_OPERATOR_TOKEN";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Broker")]
pub(super) struct Access {
    /// The broker's URL [default: http://127.0.0.1:7480]
    #[arg(long, value_name = "URL", env = "CALLSIGN_URL", hide_env_values = true)]
    url: Option<String>,
    /// File with the operator's token; without it, CALLSIGN_OPERATOR_TOKEN holds the token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    authorities: Authorities,
}

impl Access {
    /// A client with the operator's token.
    pub(super) fn client(&self) -> Result<RegistrationClient, Failure> {
        let given = self.url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let url = given.unwrap_or(DEFAULT_URL);
        if !is_private(url)? {
            eprintln!(
                "warning: {url} is not encrypted: whoever is on the way can take the operator's \
                 token. Use https."
            );
        }
        let token = self.token()?;
        Ok(RegistrationClient::new(url, token, &self.authorities.read()?)?)
    }

    fn token(&self) -> Result<Zeroizing<String>, Failure> {
        let text = match &self.token_file {
            Some(path) => read(path)?,
            None => Zeroizing::new(std::env::var(TOKEN).unwrap_or_default()),
        };
        let token = Zeroizing::new(text.trim().to_owned());
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::usage(format!(
                "an operator token is needed: one line in {TOKEN}, or in a file that --token-file \
                 names. `callsign operator-token` makes one."
            )));
        }
        Ok(token)
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = std::fs::read_to_string(path);
    text.map(Zeroizing::new).map_err(|error| {
        Failure::usage(format!("the token file {} cannot be read: {error}", path.display()))
    })
}

/// Whether what goes to this URL is encrypted, or does not leave the machine.
fn is_private(url: &str) -> Result<bool, Failure> {
    let wrong =
        || Failure::usage(format!("{url:?} is no broker's URL; type http(s)://host[:port]"));
    let url = Url::parse(url).map_err(|_| wrong())?;
    let host = url.host_str().ok_or_else(wrong)?.trim_matches(['[', ']']);
    match url.scheme() {
        "https" => Ok(true),
        "http" => {
            let loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            Ok(loopback || host == "localhost")
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_private_over_tls_or_within_the_machine() {
        for (url, expected) in [
            ("https://broker.example", Some(true)),
            ("http://127.0.0.1:7480", Some(true)),
            ("http://[::1]:7480", Some(true)),
            ("http://localhost", Some(true)),
            ("http://broker.example", Some(false)),
            ("http://10.0.0.1", Some(false)),
            ("ftp://broker.example", None),
            ("broker.example", None),
            ("broker:7480", None),
        ] {
            assert_eq!(is_private(url).ok(), expected, "{url}");
        }
    }
}
