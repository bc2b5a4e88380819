//! May this caller come in? For services: a token in, the agent that it speaks for out.

use uuid::Uuid;

use super::check::{Expected, Invalid, check};
use super::claims::{Claims, InstanceClaim, ResourceClaim};
use super::key_cache::KeyCache;
use crate::clock::Clock;
use crate::fetching::FetchError;

/// Checks the tokens of one broker for one audience. Clones share the keys: make one and keep it.
#[derive(Clone, Debug)]
pub struct TokenVerifier {
    keys: KeyCache,
    issuer: String,
    audience: String,
    clock: Clock,
}

/// A token that was good when it was checked. Only [`TokenVerifier::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    claims: Claims,
}

/// Why a token is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It is not good: answer with 401, and keep the reason to yourself.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There are no keys to check it with yet: answer with 503, it may well be good.
    #[error("the keys of the broker are not here: {0}")]
    NoKeys(String),
}

impl TokenVerifier {
    /// For tokens of the broker at this URL, its `public_url`, that name this audience. Nothing is
    /// fetched before the first token comes.
    ///
    /// # Errors
    /// [`FetchError`] when no HTTP client can be made.
    pub fn new(broker: &str, audience: &str, clock: Clock) -> Result<Self, FetchError> {
        let broker = broker.trim_end_matches('/');
        let keys = KeyCache::new(format!("{broker}/.well-known/jwks.json"), clock.clone())?;
        Ok(Self { keys, issuer: broker.to_owned(), audience: audience.to_owned(), clock })
    }

    /// The same for a broker that calls itself otherwise in its tokens (`token.issuer`), or that is
    /// reached by another URL than its public one.
    pub fn with_issuer(mut self, issuer: &str) -> Self {
        issuer.clone_into(&mut self.issuer);
        self
    }

    /// Checks a token: signature, type, issuer, audience and time. It may have been ended since it
    /// was made; where that matters, ask the broker (`GET /v1/agents/me`).
    ///
    /// # Errors
    /// [`VerifyError`]: it is not good, or there is nothing to check it with.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        match self.check(token).await {
            // A key that has come since, perhaps.
            Err(VerifyError::Invalid(Invalid::UnknownKey)) => {
                self.keys.look_again().await;
                self.check(token).await
            }
            outcome => outcome,
        }
    }

    async fn check(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let keys = self.keys.keys().await.map_err(VerifyError::NoKeys)?;
        let expected = Expected { issuer: &self.issuer, audience: Some(&self.audience) };
        let claims = check(token, |id| keys.find(id), &expected, self.clock.now())?;
        Ok(VerifiedToken { claims })
    }
}

impl VerifiedToken {
    /// The agent's id: the same for as long as it is registered.
    pub fn agent_id(&self) -> Uuid {
        self.claims.sub
    }

    /// The agent's name, unique on its resource only.
    pub fn agent_name(&self) -> &str {
        &self.claims.agent_name
    }

    /// The resource that the agent lives on.
    pub fn resource(&self) -> &ResourceClaim {
        &self.claims.resource
    }

    /// The machine that was proven.
    pub fn instance(&self) -> &InstanceClaim {
        &self.claims.instance
    }

    /// All that it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}
