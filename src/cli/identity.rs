//! Who asks whom, as whom? What every command of the agent's side is told, by flag or environment.

use super::authorities::Authorities;
use super::outcome::Failure;
use crate::client::BrokerClient;
use crate::client::metadata::Endpoints;
use crate::names::Provider;
use crate::sidecar::Cloud;

/// Where the broker is and how the machine proves itself.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Identity {
    /// The broker [env: CALLSIGN_URL]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// How the machine proves itself [env: CALLSIGN_AUTH] [default: auto]
    #[arg(long, value_enum, value_name = "METHOD")]
    auth: Option<Auth>,
    /// Whom Google's proof is for, if not for the broker's URL: its public URL, where it has another
    /// one, or one of its audiences
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    #[command(flatten)]
    authorities: Authorities,
}

/// The name of an agent.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Name {
    /// Which agent to be; needed where several share the machine [env: CALLSIGN_AGENT_NAME]
    #[arg(long, value_name = "NAME")]
    agent_name: Option<String>,
}

/// How the machine proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Auth {
    /// Find out which cloud it is on
    Auto,
    /// EC2's instance identity document
    AwsInstanceIdentity,
    /// Azure's attested data
    AzureInstanceIdentity,
    /// Google's identity token
    GoogleInstanceIdentity,
}

/// The environment, as far as it is asked.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's environment.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}

impl Identity {
    /// The broker to ask.
    pub(super) fn broker(&self, variables: Variables<'_>) -> Result<BrokerClient, Failure> {
        let url = self.url(variables)?;
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(Failure::usage(format!(
                "the broker's URL is {url:?}\n  It has to begin with https:// or http://."
            )));
        }
        let authorities = self.authorities.read()?;
        BrokerClient::trusting(&url, &authorities).map_err(Failure::from)
    }

    /// How the machine proves itself.
    pub(super) fn cloud(&self, variables: Variables<'_>) -> Result<Cloud, Failure> {
        let audience = first(&self.audience, variables, &["CALLSIGN_AUDIENCE"]);
        let endpoints = Endpoints::from_variables(variables);
        Ok(Cloud { provider: self.auth(variables)?.provider(), endpoints, audience })
    }

    fn url(&self, variables: Variables<'_>) -> Result<String, Failure> {
        first(&self.url, variables, &["CALLSIGN_URL"]).ok_or_else(|| {
            Failure::usage("which broker? Set --url or CALLSIGN_URL, as https://callsign.example.")
        })
    }

    fn auth(&self, variables: Variables<'_>) -> Result<Auth, Failure> {
        use clap::ValueEnum as _;
        if let Some(auth) = self.auth {
            return Ok(auth);
        }
        let Some(word) = first(&None, variables, &["CALLSIGN_AUTH"]) else { return Ok(Auth::Auto) };
        Auth::from_str(&word, false).map_err(|_| {
            Failure::usage(format!(
                "CALLSIGN_AUTH is {word:?}\n  Allowed are auto, aws-instance-identity, \
                 azure-instance-identity and google-instance-identity."
            ))
        })
    }
}

impl Name {
    /// The agent to be; `CODER_AGENT_NAME` counts where our own variable is not set, so that images
    /// made for other brokers work unchanged.
    pub(super) fn choose(&self, variables: Variables<'_>) -> Option<String> {
        first(&self.agent_name, variables, &["CALLSIGN_AGENT_NAME", "CODER_AGENT_NAME"])
    }
}

impl Auth {
    const fn provider(self) -> Option<Provider> {
        match self {
            Auth::Auto => None,
            Auth::AwsInstanceIdentity => Some(Provider::Aws),
            Auth::AzureInstanceIdentity => Some(Provider::Azure),
            Auth::GoogleInstanceIdentity => Some(Provider::Google),
        }
    }
}

/// The flag, else the first of these variables that says something; what is blank says nothing.
fn first(flag: &Option<String>, variables: Variables<'_>, names: &[&str]) -> Option<String> {
    let said = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let flag = flag.clone().and_then(said);
    flag.or_else(|| names.iter().find_map(|name| variables(name).and_then(said)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_before_environment_and_ours_before_theirs_and_blank_is_unset() {
        type Row<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>);
        let table: [Row<'_>; 8] = [
            (Some("flag"), Some("ours"), Some("theirs"), Some("flag")),
            (None, Some("ours"), Some("theirs"), Some("ours")),
            (None, None, Some("theirs"), Some("theirs")),
            (Some(" "), Some("ours"), None, Some("ours")),
            (None, Some(""), Some("theirs"), Some("theirs")),
            (None, Some(" ours "), None, Some("ours")),
            (None, None, Some(" "), None),
            (None, None, None, None),
        ];
        for (flag, ours, theirs, expected) in table {
            let variables = |name: &str| match name {
                "CALLSIGN_AGENT_NAME" => ours.map(str::to_owned),
                "CODER_AGENT_NAME" => theirs.map(str::to_owned),
                _ => None,
            };
            let name = Name { agent_name: flag.map(str::to_owned) };
            assert_eq!(
                name.choose(&variables).as_deref(),
                expected,
                "{flag:?} {ours:?} {theirs:?}"
            );
        }
    }

    #[test]
    fn a_broker_and_a_method_are_checked_before_anything_is_asked() {
        let authorities = Authorities { ca_file: None };
        let identity = Identity { url: None, auth: None, audience: None, authorities };
        for (variables, says) in [
            ([("CALLSIGN_URL", " ")], "--url or CALLSIGN_URL"),
            ([("CALLSIGN_URL", "callsign.example")], "begin with https://"),
        ] {
            let lookup = |name: &str| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, text)| (*text).to_owned())
            };
            let failure = identity.broker(&lookup).unwrap_err();
            assert!(failure.to_string().contains(says), "{failure}");
        }
        let wrong = |name: &str| {
            Some(if name == "CALLSIGN_AUTH" { "azure" } else { "http://x" }.to_owned())
        };
        let failure = identity.cloud(&wrong).unwrap_err();
        assert!(failure.to_string().contains("azure-instance-identity"), "{failure}");
    }
}
