//! `callsign emulate`: a metadata service on this machine, for development and tests.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::outcome::{Failure, Outcome, print};
use super::serve::listen;
use crate::clock::Clock;
use crate::emulator::aws::MachineFacts;
use crate::emulator::{Emulator, Keys};
use crate::names::{InstanceId, Provider};

/// Emulate a cloud machine's metadata service
///
/// Answers as EC2's metadata service (version 2) does, signing with throw-away keys that it keeps
/// in DIR beside the trust file that a broker needs to believe them. A broker that trusts them
/// believes whatever the owner of DIR writes: for development and tests only.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign emulate --dir ./emulator --instance-id i-0abc
  curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://127.0.0.1:1338/latest/api/token")]
pub(super) struct Args {
    /// Where to answer
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1338")]
    listen: SocketAddr,
    /// Where keys and trust files are kept
    #[arg(long, value_name = "DIR", default_value = "callsign-emulator")]
    dir: PathBuf,
    /// The machine's id
    #[arg(long, value_name = "ID", default_value = "i-0123456789abcdef0", value_parser = instance_id)]
    instance_id: InstanceId,
    /// The account that it runs in: 12 digits
    #[arg(long, value_name = "A", default_value = "123456789012", value_parser = account)]
    account: String,
    /// The region that it runs in
    #[arg(long, value_name = "R", default_value = "us-east-1")]
    region: String,
}

pub(super) async fn run(args: Args) -> Outcome {
    let Args { listen: address, dir, instance_id, account, region } = args;
    let listener = listen(address)?;
    let keys = Keys::keep(&dir, &region).map_err(Failure::new)?;
    let trust = Keys::aws_trust_file(&dir);
    let machine = MachineFacts { account, region, instance_id };
    let about =
        format!("{} in {}, account {}", machine.instance_id, machine.region, machine.account);
    let emulator =
        Emulator::start(listener, &keys, machine, Clock::system()).map_err(Failure::new)?;
    print(format_args!(
        "Emulating {about}\n\n  metadata service  {}\n  trust file        {}\n\nA broker believes \
         it with\n\n  CALLSIGN_IDENTITY__AWS__TRUST='[{:?}]' callsign serve\n\nCtrl-C ends it.",
        emulator.url(),
        trust.display(),
        std::path::absolute(&trust).unwrap_or(trust.clone()),
    ))?;
    tokio::signal::ctrl_c().await.map_err(Failure::new)?;
    emulator.stop().await;
    Ok(())
}

fn instance_id(text: &str) -> Result<InstanceId, String> {
    InstanceId::parse(Provider::Aws, text).map_err(|error| error.to_string())
}

fn account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an AWS account has 12 digits".to_owned())
    }
}
