//! Checks one session token as a service would, and prints whom it speaks for.
//!
//! ```sh
//! callsign login --agent-name main | cargo run --example check_token -- https://callsign.example
//! ```

use std::error::Error;
use std::io::read_to_string;

use callsign::clock::Clock;
use callsign::verify::TokenVerifier;

/// What tokens of a broker are for, where nothing else is configured.
const AUDIENCE: &str = "callsign";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let broker = std::env::args().nth(1).ok_or("which broker? Give its public URL.")?;
    let verifier = TokenVerifier::new(&broker, AUDIENCE, Clock::system())?;
    println!("{}", whose(&verifier, read_to_string(std::io::stdin())?.trim()).await?);
    Ok(())
}

/// The plain way: a token in, the agent and its machine out.
async fn whose(verifier: &TokenVerifier, token: &str) -> Result<String, Box<dyn Error>> {
    let token = verifier.verify(token).await?;
    let (resource, machine) = (token.resource(), token.instance());
    Ok(format!(
        "{} ({}) on {}, which is {} of {} {}",
        token.agent_name(),
        token.agent_id(),
        resource.name,
        machine.instance_id,
        machine.provider,
        machine.account,
    ))
}
