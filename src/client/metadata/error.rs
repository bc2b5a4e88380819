//! Why did the metadata service tell nothing? In words that say what to do on that cloud.

use std::fmt;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, SERVER, VIA};

use super::endpoints::variable_of;
use crate::names::Provider;

/// Why the metadata service told nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct MetadataError {
    /// The cloud whose service it should be.
    pub provider: Provider,
    /// Where it should be.
    pub endpoint: String,
    /// What was found instead.
    pub trouble: Trouble,
}

/// What was found in place of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody is there.
    Unreachable(String),
    /// Somebody is there, and the answer does not arrive.
    Silent,
    /// It is switched off, or may not be used from here.
    Disabled,
    /// A proxy answers in its place.
    Proxy,
    /// It is that of another cloud.
    OtherCloud(Provider),
    /// Google: the machine has no service account that a token could be for.
    NoServiceAccount,
    /// It says no.
    Refused(u16),
    /// It answers with something that cannot be read.
    Unreadable,
    /// No machine of any cloud: none of the services answers.
    NoCloud,
}

impl MetadataError {
    /// Whether it may pass by itself, as while the machine is starting.
    pub fn is_passing(&self) -> bool {
        match self.trouble {
            Trouble::Unreachable(_) | Trouble::Silent | Trouble::NoCloud => true,
            Trouble::Refused(status) => status == 429 || status >= 500,
            _ => false,
        }
    }

    pub(super) fn unreachable(provider: Provider, endpoint: &str, error: &reqwest::Error) -> Self {
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let trouble = if error.is_timeout() && !error.is_connect() {
            Trouble::Silent
        } else {
            Trouble::Unreachable(cause.to_string())
        };
        Self { provider, endpoint: endpoint.to_owned(), trouble }
    }
}

impl Trouble {
    /// What an answer that is not a good one tells about who gave it.
    pub(super) fn diagnose(provider: Provider, status: StatusCode, headers: &HeaderMap) -> Self {
        match speaker(headers) {
            Some(Speaker::Proxy) => Trouble::Proxy,
            Some(Speaker::Cloud(other)) if other != provider => Trouble::OtherCloud(other),
            _ => match (provider, status) {
                (_, StatusCode::PROXY_AUTHENTICATION_REQUIRED) => Trouble::Proxy,
                (Provider::Aws, StatusCode::FORBIDDEN) => Trouble::Disabled,
                (Provider::Google, StatusCode::NOT_FOUND) => Trouble::NoServiceAccount,
                _ => Trouble::Refused(status.as_u16()),
            },
        }
    }
}

enum Speaker {
    Cloud(Provider),
    Proxy,
}

/// Who answers like this? The services name themselves, and proxies are required to (RFC 9110
/// section 7.6.3).
fn speaker(headers: &HeaderMap) -> Option<Speaker> {
    if headers.contains_key(VIA) {
        return Some(Speaker::Proxy);
    }
    if headers.contains_key("Metadata-Flavor") {
        return Some(Speaker::Cloud(Provider::Google));
    }
    let server = headers.get(SERVER)?.to_str().ok()?;
    let is = |name: &str| server.starts_with(name);
    match () {
        () if is("EC2ws") => Some(Speaker::Cloud(Provider::Aws)),
        () if is("IMDS") || is("Microsoft-IIS") => Some(Speaker::Cloud(Provider::Azure)),
        () if is("Metadata Server") => Some(Speaker::Cloud(Provider::Google)),
        () if is("squid") => Some(Speaker::Proxy),
        () => None,
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, endpoint, trouble } = self;
        let whose = service(*provider);
        if *trouble == Trouble::NoCloud {
            f.write_str("no cloud's metadata service answers on this machine")?;
        } else {
            write!(f, "{whose} metadata service at {endpoint} {trouble}")?;
        }
        write!(f, "\n  {}", advice(*provider, trouble))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Unreachable(reason) => write!(f, "cannot be reached: {reason}"),
            Trouble::Silent => f.write_str("accepts the connection, and then its answer is lost"),
            Trouble::Disabled => f.write_str("refuses this machine: it is disabled"),
            Trouble::Proxy => f.write_str("is hidden by a proxy, which answers in its place"),
            Trouble::OtherCloud(other) => write!(f, "is {} instead", service(*other)),
            Trouble::NoServiceAccount => f.write_str("has no identity for this machine"),
            Trouble::Refused(status) => write!(f, "answers with {status}"),
            Trouble::Unreadable => f.write_str("answers with something that cannot be read"),
            Trouble::NoCloud => f.write_str("is not there"),
        }
    }
}

const fn service(provider: Provider) -> &'static str {
    match provider {
        Provider::Aws => "EC2's",
        Provider::Azure => "Azure's",
        Provider::Google => "Google's",
    }
}

/// The word for this cloud's way to log in, on the command line.
pub(crate) const fn method_of(provider: Provider) -> &'static str {
    match provider {
        Provider::Aws => "aws-instance-identity",
        Provider::Azure => "azure-instance-identity",
        Provider::Google => "google-instance-identity",
    }
}

fn advice(provider: Provider, trouble: &Trouble) -> String {
    let variable = variable_of(provider);
    match (trouble, provider) {
        (Trouble::Unreachable(_), Provider::Aws) => format!(
            "Is this an EC2 instance? If so, see that the metadata service is enabled (aws ec2 \
             modify-instance-metadata-options --http-endpoint enabled) and that no firewall rule \
             keeps this user from it. {variable} points elsewhere."
        ),
        (Trouble::Unreachable(_), _) => format!(
            "Is this a machine of that cloud? If so, see that no firewall rule keeps this user \
             from it. {variable} points elsewhere."
        ),
        (Trouble::Silent, Provider::Aws) => "In a container the answer may not travel far enough: \
             raise the hop limit (aws ec2 modify-instance-metadata-options \
             --http-put-response-hop-limit 2)."
            .to_owned(),
        (Trouble::Silent, _) => "Try again; if it stays, look for a firewall or a network plugin \
             in the way."
            .to_owned(),
        (Trouble::Disabled, _) => "Enable it: aws ec2 modify-instance-metadata-options \
             --http-endpoint enabled. A proxy in the way looks the same to it."
            .to_owned(),
        (Trouble::Proxy, _) => {
            "Metadata services refuse what passed a proxy: take 169.254.169.254 \
             out of the transparent proxy's reach."
                .to_owned()
        }
        (Trouble::OtherCloud(other), _) => {
            format!("Log in with --auth {}.", method_of(*other))
        }
        (Trouble::NoServiceAccount, _) => "Attach a service account to the instance: without one \
             Google signs no identity for it. It needs no roles."
            .to_owned(),
        (Trouble::NoCloud, _) => "Run it on a cloud machine, or name the cloud with --auth to \
             learn more."
            .to_owned(),
        (Trouble::Refused(_) | Trouble::Unreadable, _) => {
            format!("Is it really the metadata service that is there? See {variable}.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderName;

    #[test]
    fn an_answer_tells_who_gave_it_and_what_is_wrong() {
        use Provider::{Aws, Azure, Google};
        for (provider, status, header, expected) in [
            (Aws, 403, None, Trouble::Disabled),
            (Aws, 403, Some(("server", "EC2ws")), Trouble::Disabled),
            (Aws, 404, Some(("metadata-flavor", "Google")), Trouble::OtherCloud(Google)),
            (Aws, 400, Some(("server", "IMDS/150.870.65.1854")), Trouble::OtherCloud(Azure)),
            (Azure, 404, Some(("server", "EC2ws")), Trouble::OtherCloud(Aws)),
            (Google, 404, Some(("metadata-flavor", "Google")), Trouble::NoServiceAccount),
            (Google, 503, None, Trouble::Refused(503)),
            (Aws, 403, Some(("via", "1.1 proxy")), Trouble::Proxy),
            (Azure, 407, None, Trouble::Proxy),
            (Azure, 403, Some(("server", "squid/5.7")), Trouble::Proxy),
            (Azure, 410, None, Trouble::Refused(410)),
        ] {
            let header =
                header.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            let headers = HeaderMap::from_iter(header);
            let status = StatusCode::from_u16(status).unwrap();
            let trouble = Trouble::diagnose(provider, status, &headers);
            assert_eq!(trouble, expected, "{provider} {status} {headers:?}");
        }
    }

    #[test]
    fn every_trouble_says_what_to_do() {
        for provider in Provider::ALL {
            for trouble in [
                Trouble::Unreachable("refused".to_owned()),
                Trouble::Silent,
                Trouble::Disabled,
                Trouble::Proxy,
                Trouble::OtherCloud(Provider::Aws),
                Trouble::NoServiceAccount,
                Trouble::Refused(400),
                Trouble::Unreadable,
                Trouble::NoCloud,
            ] {
                let error = MetadataError { provider, endpoint: "http://x".to_owned(), trouble };
                let text = error.to_string();
                let (what, advice) = text.split_once("\n  ").unwrap();
                assert!(what.contains("metadata service") && advice.ends_with('.'), "{text}");
            }
        }
    }
}
