//! Where are the metadata services? At their well-known addresses, or where the variables say that
//! the clouds' own tools heed.

use crate::names::Provider;

/// Where each cloud's metadata service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints([Endpoint; 3]);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    url: String,
    /// Whether somebody pointed it there.
    is_chosen: bool,
}

impl Endpoints {
    /// By these environment variables; blank is unset.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| {
            variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        Self(Provider::ALL.map(|provider| {
            let chosen = set(variable_of(provider)).map(|text| as_url(&text));
            Endpoint {
                is_chosen: chosen.is_some(),
                url: chosen.unwrap_or_else(|| well_known(provider, set(AWS_MODE)).to_owned()),
            }
        }))
    }

    /// This cloud's.
    pub fn of(&self, provider: Provider) -> &str {
        &self.entry(provider).url
    }

    /// The clouds whose service somebody pointed elsewhere.
    pub fn chosen(&self) -> Vec<Provider> {
        Provider::ALL.into_iter().filter(|provider| self.entry(*provider).is_chosen).collect()
    }

    fn entry(&self, provider: Provider) -> &Endpoint {
        let [aws, azure, google] = &self.0;
        match provider {
            Provider::Aws => aws,
            Provider::Azure => azure,
            Provider::Google => google,
        }
    }
}

/// The variable that points this cloud's service elsewhere.
pub(super) const fn variable_of(provider: Provider) -> &'static str {
    match provider {
        Provider::Aws => "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        Provider::Azure => "CALLSIGN_AZURE_METADATA_ENDPOINT",
        Provider::Google => "GCE_METADATA_HOST",
    }
}

/// `IPv6` where EC2's service is to be asked over that.
const AWS_MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";

fn well_known(provider: Provider, aws_mode: Option<String>) -> &'static str {
    let wants_ipv6 = aws_mode.is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"));
    match provider {
        Provider::Aws if wants_ipv6 => "http://[fd00:ec2::254]",
        Provider::Aws | Provider::Azure => "http://169.254.169.254",
        Provider::Google => "http://metadata.google.internal",
    }
}

/// Google's variable names a host, the others a URL; either is understood everywhere.
fn as_url(text: &str) -> String {
    let text = text.trim_end_matches('/');
    if text.contains("://") { text.to_owned() } else { format!("http://{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(variables: &[(&str, &str)]) -> Endpoints {
        Endpoints::from_variables(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_clouds_own_variables_point_elsewhere_and_blank_is_unset() {
        let plain =
            endpoints(&[("GCE_METADATA_HOST", " "), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "")]);
        assert_eq!(plain.of(Provider::Aws), "http://169.254.169.254");
        assert_eq!(plain.of(Provider::Google), "http://metadata.google.internal");
        assert_eq!(plain.chosen(), []);

        let moved = endpoints(&[
            ("GCE_METADATA_HOST", "127.0.0.1:1338"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1/"),
        ]);
        assert_eq!(moved.of(Provider::Google), "http://127.0.0.1:1338");
        assert_eq!(moved.of(Provider::Aws), "http://127.0.0.1:1");
        assert_eq!(moved.chosen(), [Provider::Aws, Provider::Google]);

        let v6 = endpoints(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6")]);
        assert_eq!(v6.of(Provider::Aws), "http://[fd00:ec2::254]");
    }
}
