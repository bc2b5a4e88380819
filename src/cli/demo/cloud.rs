//! On which cloud does the demo play, and what is different there?

use super::forge;
use crate::client::Login;
use crate::client::metadata::{
    AwsMetadataReader, AzureMetadataReader, GoogleMetadataReader, MetadataError, MetadataReader,
};
use crate::emulator::Machine;

/// A cloud that the demo can emulate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Cloud {
    /// An EC2 instance
    #[default]
    Aws,
    /// A virtual machine in Azure
    Azure,
    /// A Compute Engine instance
    Google,
}

impl Cloud {
    /// The word for it in configuration and paths.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Cloud::Aws => "aws",
            Cloud::Azure => "azure",
            Cloud::Google => "google",
        }
    }

    /// What it calls a machine.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Cloud::Aws => "EC2 instance",
            Cloud::Azure => "Azure virtual machine",
            Cloud::Google => "Compute Engine instance",
        }
    }

    /// The machine's id and account in this cloud's words.
    pub(super) fn names(self, machine: &Machine) -> (String, String) {
        let Machine { aws, azure, google } = machine;
        let (id, account) = match self {
            Cloud::Aws => (&aws.instance_id, &aws.account),
            Cloud::Azure => (&azure.vm_id, &azure.subscription_id),
            Cloud::Google => (&google.instance_id, &google.project_id),
        };
        (id.as_str().to_owned(), account.clone())
    }

    /// A reader of its metadata service at this address.
    pub(super) fn reader(self, url: &str) -> Result<MetadataReader, MetadataError> {
        Ok(match self {
            Cloud::Aws => MetadataReader::Aws(AwsMetadataReader::new(url)?),
            Cloud::Azure => MetadataReader::Azure(AzureMetadataReader::new(url)?),
            Cloud::Google => MetadataReader::Google(GoogleMetadataReader::new(url)?),
        })
    }

    /// The commands that put the machine's proof into `PROOF`.
    pub(super) fn reading(self, metadata: &str, broker: &str) -> String {
        match self {
            Cloud::Aws => format!(
                r#"  SESSION=$(curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {metadata}/latest/api/token)
  PROOF=$(curl -s -H "X-aws-ec2-metadata-token: $SESSION" \
    {metadata}/latest/dynamic/instance-identity/rsa2048 | tr -d '\n')"#
            ),
            Cloud::Azure => format!(
                r#"  PROOF=$(curl -s -H 'Metadata: true' \
    '{metadata}/metadata/attested/document?api-version=2020-09-01' | sed 's/.*"signature":"\([^"]*\)".*/\1/')"#
            ),
            Cloud::Google => format!(
                r"  PROOF=$(curl -s -H 'Metadata-Flavor: Google' \
    '{metadata}/computeMetadata/v1/instance/service-accounts/default/identity?audience={broker}&format=full')"
            ),
        }
    }

    /// The member of a login that the proof goes into.
    pub(super) const fn member(self) -> &'static str {
        match self {
            Cloud::Aws => "pkcs7",
            Cloud::Azure => "signature",
            Cloud::Google => "json_web_token",
        }
    }
}

/// The genuine proof, but for the machine that it names; `None` where it names none.
pub(super) fn forged(login: Login) -> Option<Login> {
    Some(match login {
        Login::Aws(mut login) => {
            login.pkcs7 = Some(forge::in_base64(&login.pkcs7?, br#""instanceId" : "i-"#)?);
            Login::Aws(login)
        }
        Login::Azure(mut login) => {
            login.signature = Some(forge::in_base64(&login.signature?, br#""vmId":""#)?);
            Login::Azure(login)
        }
        Login::Google(mut login) => {
            login.json_web_token =
                Some(forge::in_jwt(&login.json_web_token?, br#""instance_id":""#)?);
            Login::Google(login)
        }
    })
}
