//! `callsign emulate`: a metadata service on this machine, for development and tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::outcome::{Failure, Outcome, print};
use super::serve::listen;
use super::table::table;
use crate::clock::Clock;
use crate::emulator::{Emulator, Keys, Machine};

/// Emulate a cloud machine's metadata service
///
/// Answers as the metadata services of EC2 (version 2), Azure and Compute Engine do, at one address,
/// signing with throw-away keys that it keeps in DIR beside the trust files that a broker needs to
/// believe them. A broker that trusts them believes whatever the owner of DIR writes: for
/// development and tests only.
///
/// Clouds differ in what an id or account looks like. Each takes what has its form as it is: an AWS
/// account has 12 digits, ids and subscriptions of Azure are GUIDs, a Google instance id is a number
/// and its project id a word. What has not is replaced, for that cloud, by something that is made
/// from it, always the same; the start prints them all.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign emulate --dir ./emulator --instance-id i-0abc
  callsign emulate --instance-id 02aab8a4-74ef-476e-8182-f6d2ba4166a6 --region eastus
  callsign emulate --instance-id 4242 --account my-project --region us-east1
  curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://127.0.0.1:1338/latest/api/token
  curl -sH 'Metadata: true' 'http://127.0.0.1:1338/metadata/attested/document?api-version=2020-09-01'
  curl -sH 'Metadata-Flavor: Google' http://127.0.0.1:1338/computeMetadata/v1/instance/id")]
pub(super) struct Args {
    /// Where to answer
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1338")]
    listen: SocketAddr,
    /// Where keys and trust files are kept
    #[arg(long, value_name = "DIR", default_value = "callsign-emulator")]
    dir: PathBuf,
    /// The machine's id, as `i-0abc` on AWS, a GUID on Azure, a number on Google
    #[arg(long, value_name = "ID", default_value = "i-0123456789abcdef0")]
    instance_id: String,
    /// The account that it runs in: 12 digits on AWS, a GUID on Azure, a project id on Google
    #[arg(long, value_name = "A", default_value = "123456789012")]
    account: String,
    /// The region that it runs in
    #[arg(long, value_name = "R", default_value = "us-east-1", value_parser = region)]
    region: String,
}

pub(super) async fn run(args: Args) -> Outcome {
    let Args { listen: address, dir, instance_id, account, region } = args;
    let clock = Clock::system();
    let machine = Machine::named(&instance_id, &account, &region, clock.now());
    let machine = machine.map_err(Failure::new)?;
    let listener = listen(address)?;
    let keys = Keys::keep(&dir, &region).map_err(Failure::new)?;
    let about = about(&machine, &region);
    let emulator = Emulator::start(listener, &keys, machine, clock).map_err(Failure::new)?;
    print(format_args!(
        "Emulating one machine at {}\n\n{about}\n\nA broker believes it with\n\n{}\n  callsign \
         serve\n\nCtrl-C ends it.",
        emulator.url(),
        environment(&dir),
    ))?;
    super::signals::stop().await?;
    emulator.stop().await;
    Ok(())
}

/// Who the machine is to each cloud, as it must be registered.
fn about(machine: &Machine, region: &str) -> String {
    let row = |cloud: &str, id: &str, account: &str| {
        [cloud, id, account, region].map(|text| format!("  {text}").trim_end().to_owned())
    };
    let (aws, azure, google) = (&machine.aws, &machine.azure, &machine.google);
    let rows = [
        row("aws", aws.instance_id.as_str(), &aws.account),
        row("azure", azure.vm_id.as_str(), &azure.subscription_id),
        row("google", google.instance_id.as_str(), &google.project_id),
    ];
    table(["  PROVIDER", "  INSTANCE ID", "  ACCOUNT", "  REGION"], &rows, None)
}

/// What a broker must be told, as settings in the environment.
fn environment(dir: &Path) -> String {
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let (aws, azure) = (Keys::aws_trust_file(dir), Keys::azure_trust_file(dir));
    let google = Keys::google_keys_file(dir);
    format!(
        "  export CALLSIGN_IDENTITY__AWS__TRUST='[{:?}]'\n  export \
         CALLSIGN_IDENTITY__AZURE__TRUST='[{:?}]'\n  export \
         CALLSIGN_IDENTITY__GOOGLE__KEYS_FILE={:?}",
        absolute(aws),
        absolute(azure),
        absolute(google),
    )
}

/// Regions and zones are words with hyphens on every cloud.
fn region(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=60).contains(&text.len()) && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("a region is 1 to 60 of a-z, 0-9 and -, as us-east-1".to_owned())
    }
}
