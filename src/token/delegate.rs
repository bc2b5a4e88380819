//! How does a root agent get a token for one of its sub-agents? From a session that stands, as a
//! pure function; a sub-agent has no login of its own.
//!
//! The token never outlives the session that asked for it: the proof behind both is one.

use std::fmt;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::check::TokenRefused;
use super::keys::SigningKey;
use super::messages::TokenError;
use super::mint::{TokenSettings, sign};
use super::session::Session;
use crate::directory::SubAgent;
use crate::event::{AsOf, LoginGranted, TokenDelegated};
use crate::names::new_id;
use crate::verify::{Actor, Claims, Invalid, ResourceClaim};

/// A signed token for a sub-agent and all that is known of it. Only [`delegate`] makes one, from a
/// session that stands.
pub struct DelegatedToken {
    jwt: Zeroizing<String>,
    session: Session,
    record: TokenDelegated,
}

impl DelegatedToken {
    /// The token itself. It is a secret: it goes to the caller and nowhere else.
    pub fn jwt(&self) -> &str {
        &self.jwt
    }

    /// The root agent's session that it was made from.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What goes on record: everything but the token.
    pub fn record(&self) -> &TokenDelegated {
        &self.record
    }
}

impl fmt::Debug for DelegatedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DelegatedToken({})", self.record.token.token_id)
    }
}

/// Mints a token for a sub-agent of the agent that this session is of: as long as any, or for the
/// shorter time that was asked for, and in no case longer than the session itself.
///
/// # Errors
/// [`TokenRefused`] when the session has no time left, or is not of this sub-agent's parent;
/// [`TokenError::Signing`] when the signature cannot be made.
pub fn delegate(
    session: Session,
    sub_agent: &SubAgent,
    lifetime: Option<TimeDelta>,
    key: &SigningKey,
    settings: &TokenSettings,
    now: DateTime<Utc>,
) -> Result<Result<DelegatedToken, TokenRefused>, TokenError> {
    if sub_agent.parent_id() != session.agent_id() {
        return Ok(Err(TokenRefused::Ended));
    }
    let issued_at = now.trunc_subsecs(0);
    let lifetime = lifetime.map_or(settings.lifetime, |asked| asked.min(settings.lifetime));
    let expires_at = (issued_at + lifetime).min(session.expires_at());
    if expires_at <= issued_at {
        return Ok(Err(Invalid::Expired.into()));
    }
    let token = LoginGranted {
        token_id: new_id(now),
        key_id: key.id().to_owned(),
        issued_at,
        expires_at,
        proof_kind: session.proof_kind(),
        challenge: None,
        provider: session.provider(),
        instance_id: session.instance_id().as_str().to_owned(),
        resource_id: session.resource_id(),
        agent_id: sub_agent.id(),
        agent_name: sub_agent.name().to_owned(),
        found_as_of: AsOf::UNKNOWN,
    };
    let record = TokenDelegated {
        token,
        parent_id: session.agent_id(),
        parent_token_id: session.token_id(),
    };
    let jwt =
        sign(&claims(&session, &record.token, settings), key).map_err(|_| TokenError::Signing)?;
    Ok(Ok(DelegatedToken { jwt, session, record }))
}

fn claims(session: &Session, record: &LoginGranted, settings: &TokenSettings) -> Claims {
    Claims {
        iss: settings.issuer.clone(),
        aud: settings.audience.clone(),
        sub: record.agent_id,
        client_id: record.agent_id,
        iat: record.issued_at.timestamp(),
        exp: record.expires_at.timestamp(),
        jti: record.token_id,
        agent_name: record.agent_name.clone(),
        resource: ResourceClaim {
            id: session.resource_id(),
            name: session.resource_name().to_owned(),
        },
        instance: session.instance().clone(),
        amr: session.methods().to_vec(),
        act: Some(Actor { sub: session.agent_id(), agent_name: session.agent_name().to_owned() }),
    }
}
