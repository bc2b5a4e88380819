//! How does an agent become a token? Claims, a signature, and the record of both, as a pure
//! function of agent, key and time.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::keys::{SigningFailed, SigningKey};
use crate::directory::Agent;
use crate::event::{AnsweredChallenge, LoginGranted};
use crate::names::new_id;
use crate::verify::{Claims, InstanceClaim, ResourceClaim};

/// The word in `amr` for a proof that answered a challenge.
const CHALLENGE: &str = "challenge";

/// What every token has in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSettings {
    /// The `iss`.
    pub issuer: String,
    /// The `aud`.
    pub audience: Vec<String>,
    /// From `iat` to `exp`.
    pub lifetime: TimeDelta,
}

/// A signed token and all that is known of it. Only [`mint`] makes one, from an agent.
pub struct MintedToken {
    jwt: Zeroizing<String>,
    agent: Agent,
    record: LoginGranted,
}

impl MintedToken {
    /// The token itself. It is a secret: it goes to the caller and nowhere else.
    pub fn jwt(&self) -> &str {
        &self.jwt
    }

    /// The agent it speaks for.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// What goes on record: everything but the token.
    pub fn record(&self) -> &LoginGranted {
        &self.record
    }
}

impl fmt::Debug for MintedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MintedToken({})", self.record.token_id)
    }
}

/// Mints a session token for this agent.
///
/// # Errors
/// [`SigningFailed`] when the signature cannot be made.
pub fn mint(
    agent: Agent,
    key: &SigningKey,
    settings: &TokenSettings,
    now: DateTime<Utc>,
) -> Result<MintedToken, SigningFailed> {
    // NumericDate (RFC 7519 section 2) in whole seconds: the record says what the token says.
    let issued_at = now.trunc_subsecs(0);
    let expires_at = issued_at + settings.lifetime;
    let record = record(&agent, key, now, issued_at, expires_at);
    let jwt = sign(&claims(&agent, &record, settings), key)?;
    Ok(MintedToken { jwt, agent, record })
}

fn record(
    agent: &Agent,
    key: &SigningKey,
    now: DateTime<Utc>,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> LoginGranted {
    let instance = agent.instance();
    LoginGranted {
        token_id: new_id(now),
        key_id: key.id().to_owned(),
        issued_at,
        expires_at,
        proof_kind: instance.proof_kind().as_str(),
        challenge: instance.answered().map(|answered| AnsweredChallenge {
            nonce: answered.nonce().to_owned(),
            expires_at: answered.remember_until(),
        }),
        provider: instance.provider(),
        instance_id: instance.instance_id().as_str().to_owned(),
        resource_id: agent.resource_id(),
        agent_id: agent.id(),
        agent_name: agent.name().to_owned(),
        found_as_of: agent.found_as_of(),
    }
}

fn claims(agent: &Agent, record: &LoginGranted, settings: &TokenSettings) -> Claims {
    let instance = agent.instance();
    Claims {
        iss: settings.issuer.clone(),
        aud: settings.audience.clone(),
        sub: agent.id(),
        client_id: agent.id(),
        iat: record.issued_at.timestamp(),
        exp: record.expires_at.timestamp(),
        jti: record.token_id,
        agent_name: agent.name().to_owned(),
        resource: ResourceClaim { id: agent.resource_id(), name: agent.resource_name().to_owned() },
        instance: InstanceClaim {
            provider: instance.provider(),
            account: instance.account().to_owned(),
            region: instance.region().to_owned(),
            instance_id: record.instance_id.clone(),
        },
        amr: methods(record),
        act: None,
    }
}

/// How the machine proved itself (RFC 8176): by this kind of proof, and perhaps made for this login.
fn methods(record: &LoginGranted) -> Vec<String> {
    let challenge = record.challenge.as_ref().map(|_| CHALLENGE.to_owned());
    std::iter::once(record.proof_kind.to_owned()).chain(challenge).collect()
}

/// Compact serialisation (RFC 7515 section 3.1).
pub(super) fn sign(claims: &Claims, key: &SigningKey) -> Result<Zeroizing<String>, SigningFailed> {
    let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{}"}}"#, key.id());
    let body = serde_json::to_vec(claims).map_err(|_| SigningFailed)?;
    let mut jwt = Zeroizing::new(String::with_capacity(1024));
    URL_SAFE_NO_PAD.encode_string(header, &mut jwt);
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(body, &mut jwt);
    let signature = key.sign(jwt.as_bytes())?;
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
    Ok(jwt)
}
