//! Does a proof answer a challenge, and does it have to?
//!
//! Google's audiences are free text: one that begins as ours do is meant as an answer, and counts
//! as one or is refused. Azure's nonces are digits, and ours cannot be told from anybody's by their
//! looks. On the native routes ten digits are meant as an answer, so they count or are refused. But
//! existing clients know no challenge, and some of them send ten digits of their own, by which they
//! mean nothing to us; they log in as before. What can be known again is refused to them, too: a
//! nonce that this broker gave, for this agent or for any, around the time at which Azure signed
//! the document, and that is over by now. An operator who wants more than that asks for an answer
//! (`required`), and then every document without a good one is refused, whoever sent it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use super::{Challenger, NONCE_DIGITS, end_of};
use crate::identity::error::Rejection;
use crate::identity::proof::Occasion;

/// How far the clocks of brokers that share a database may be apart before a challenge that one of
/// them has forgotten could be answered again at another.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(10);

/// Whether a proof has to answer a challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// It may.
    #[default]
    Optional,
    /// It has to.
    Required,
}

/// The challenge that a proof answers. It counts once: whoever takes it remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    nonce: String,
    window: i64,
}

impl Answered {
    /// The challenge's ten digits.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Until when it must be remembered: no broker would take it afterwards.
    pub fn remember_until(&self) -> DateTime<Utc> {
        end_of(self.window) + CLOCKS_APART
    }
}

/// What is asked of a proof in this login.
#[derive(Clone, Copy, Debug)]
pub(in crate::identity) struct Asked<'a> {
    pub(in crate::identity) challenger: Option<&'a Challenger>,
    pub(in crate::identity) occasion: &'a Occasion,
    pub(in crate::identity) now: DateTime<Utc>,
}

impl<'a> Asked<'a> {
    /// The challenge that a document of Azure's answers by its nonce, if it answers one.
    ///
    /// # Errors
    /// [`Rejection`] for a challenge that is not, or no longer, this login's, and for none where one
    /// is demanded.
    pub(in crate::identity) fn by_nonce(
        &self,
        demand: Demand,
        nonce: Option<&str>,
        signed_at: DateTime<Utc>,
    ) -> Result<Option<Answered>, Rejection> {
        let nonce = nonce.filter(|nonce| has_our_form(nonce));
        let Some((challenger, nonce)) = self.challenger.zip(nonce) else { return none(demand) };
        let agent = self.occasion.agent_name.as_ref();
        let find = |at| challenger.find_nonce(nonce, agent, at);
        match self.judge(nonce, find, signed_at) {
            Err(Rejection::ChallengeUnknown) if self.occasion.has_own_nonces => none(demand),
            judged => judged.map(Some),
        }
    }

    /// The challenge that a token of Google's answers by its audience, if it answers one.
    ///
    /// # Errors
    /// As [`by_nonce`](Self::by_nonce).
    pub(in crate::identity) fn by_audience(
        &self,
        demand: Demand,
        audience: &str,
        signed_at: DateTime<Utc>,
    ) -> Result<Option<Answered>, Rejection> {
        let ours = |challenger: &'a Challenger| {
            Some((challenger, audience.strip_prefix(&challenger.audiences)?))
        };
        let Some((challenger, rest)) = self.challenger.and_then(ours) else { return none(demand) };
        let (nonce, code) = parse(rest).ok_or(Rejection::ChallengeUnknown)?;
        let agent = self.occasion.agent_name.as_ref();
        let find = |at| challenger.find_audience((nonce, &code), agent, at);
        self.judge(nonce, find, signed_at).map(Some)
    }

    /// Does it count now? If not: did it when the cloud signed it?
    fn judge(
        &self,
        nonce: &str,
        find: impl Fn(DateTime<Utc>) -> Option<i64>,
        signed_at: DateTime<Utc>,
    ) -> Result<Answered, Rejection> {
        match find(self.now) {
            Some(window) => Ok(Answered { nonce: nonce.to_owned(), window }),
            None if find(signed_at).is_some() => Err(Rejection::ChallengeOver),
            None => Err(Rejection::ChallengeUnknown),
        }
    }
}

/// The nonce and the code in an audience: there is one way to write them.
fn parse(rest: &str) -> Option<(&str, Vec<u8>)> {
    let (nonce, code) = rest.split_once('.')?;
    Some((nonce, URL_SAFE_NO_PAD.decode(code).ok()?)).filter(|_| has_our_form(nonce))
}

fn none(demand: Demand) -> Result<Option<Answered>, Rejection> {
    match demand {
        Demand::Optional => Ok(None),
        Demand::Required => Err(Rejection::NoChallenge),
    }
}

/// Ten digits. Azure's own nonce, where nobody gave one, has a dash.
fn has_our_form(nonce: &str) -> bool {
    nonce.len() == NONCE_DIGITS && nonce.bytes().all(|byte| byte.is_ascii_digit())
}
