//! Was this proof made for a login here, a moment ago? Challenges that Azure's documents and
//! Google's tokens can carry, and that are known again although no list of them is kept.
//!
//! A challenge is a code over the minute in which it was given, a salt, the cloud and, where its
//! caller chose so, the name of an agent. Whoever has the key gives it and knows it again: several
//! brokers need share nothing else, and giving one writes nothing. That no answer counts twice is
//! for the record to say, and so for the recorder.
//!
//! Azure leaves ten digits for all of it, 33 bits: three of salt, which tell the challenges of a
//! minute apart, and seven of code. Google's audiences may be long: theirs hold 128 bits of code.

mod answer;

pub(super) use answer::Asked;
pub use answer::{Answered, Demand};

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::names::{AgentName, Provider};

/// How long a challenge can be answered at least.
pub const GOOD_FOR: TimeDelta = TimeDelta::seconds(WINDOW * BEHIND);

/// Seconds in which challenges of the same salt are the same.
const WINDOW: i64 = 60;
/// Windows before the current one whose challenges still count. Each one more gives a guess at
/// Azure's seven digits another chance.
const BEHIND: i64 = 5;
/// Windows after it: the clocks of several brokers may be a minute apart.
const AHEAD: i64 = 1;

/// What Azure's metadata service takes as a nonce.
const NONCE_DIGITS: usize = 10;
const SALT_DIGITS: usize = 3;
const CODE_DIGITS: usize = NONCE_DIGITS - SALT_DIGITS;
/// 10 to the power of these.
const CODES: u64 = 10_000_000;
/// 10 to the power of a whole nonce's digits.
const NONCES: u64 = 10_000_000_000;
/// Bytes of code in an audience.
const AUDIENCE_CODE: usize = 16;

/// Gives challenges, and knows its own again.
#[derive(Clone)]
pub struct Challenger {
    key: hmac::Key,
    audiences: String,
}

/// What a proof must carry to count as made for a login here and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Ten digits: the nonce that Azure's document is to hold.
    pub nonce: String,
    /// The audience that Google's token is to be for.
    pub audience: String,
}

impl Challenger {
    /// Gives challenges by this key. `audiences` is what each audience begins with.
    pub fn new(key: &Zeroizing<[u8; 32]>, audiences: String) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()), audiences }
    }

    /// The challenge of this moment; bound to the agent of this name, if one is given.
    pub fn give(
        &self,
        provider: Provider,
        agent: Option<&AgentName>,
        random: u64,
        now: DateTime<Utc>,
    ) -> Challenge {
        // Only Azure's nonce has to hold the code, too. Elsewhere all of it is salt, so that no two
        // challenges of a minute are ever the same.
        let salt = match provider {
            Provider::Azure => format!("{:0SALT_DIGITS$}", random % (NONCES / CODES)),
            Provider::Aws | Provider::Google => format!("{:0NONCE_DIGITS$}", random % NONCES),
        };
        let code = self.code(provider, window_of(now), &salt, agent);
        let nonce = match provider {
            Provider::Azure => format!("{salt}{:0CODE_DIGITS$}", digits(&code)),
            Provider::Aws | Provider::Google => salt,
        };
        let text = URL_SAFE_NO_PAD.encode(audience_code(&code));
        Challenge { audience: format!("{}{nonce}.{text}", self.audiences), nonce }
    }

    /// The window of the challenge with this nonce, ten digits, if it was given for this agent, or for any,
    /// and counts at that time.
    fn find_nonce(&self, nonce: &str, agent: Option<&AgentName>, at: DateTime<Utc>) -> Option<i64> {
        let (salt, sent) = nonce.split_at_checked(SALT_DIGITS)?;
        let sent: u64 = sent.parse().ok()?;
        self.find(Provider::Azure, salt, agent, at, |code| digits(code).ct_eq(&sent))
    }

    /// The same for an audience, by its nonce and code.
    fn find_audience(
        &self,
        (nonce, sent): (&str, &[u8]),
        agent: Option<&AgentName>,
        at: DateTime<Utc>,
    ) -> Option<i64> {
        self.find(Provider::Google, nonce, agent, at, |code| audience_code(code).ct_eq(sent))
    }

    /// Looks at every window and both bindings, whichever of them fits: how long it takes tells
    /// nothing of how near a guess came.
    fn find(
        &self,
        provider: Provider,
        salt: &str,
        agent: Option<&AgentName>,
        at: DateTime<Utc>,
        is_it: impl Fn(&[u8; 32]) -> Choice,
    ) -> Option<i64> {
        const NONE: i64 = i64::MIN;
        let (current, mut found) = (window_of(at), NONE);
        for window in current - BEHIND..=current + AHEAD {
            for agent in [None, agent] {
                found.conditional_assign(&window, is_it(&self.code(provider, window, salt, agent)));
            }
        }
        (found != NONE).then_some(found)
    }

    /// Salts of one cloud have one length, so nothing can be read as part of its neighbour.
    fn code(
        &self,
        provider: Provider,
        window: i64,
        salt: &str,
        agent: Option<&AgentName>,
    ) -> [u8; 32] {
        let mut code = hmac::Context::with_key(&self.key);
        code.update(provider.as_str().as_bytes());
        code.update(&window.to_be_bytes());
        code.update(salt.as_bytes());
        code.update(agent.map_or("", AgentName::as_str).as_bytes());
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(code.sign().as_ref()).for_each(|(byte, signed)| *byte = *signed);
        bytes
    }
}

impl fmt::Debug for Challenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenger({}…)", self.audiences)
    }
}

fn window_of(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(WINDOW)
}

/// When the last broker will have stopped taking challenges of this window.
fn end_of(window: i64) -> DateTime<Utc> {
    DateTime::from_timestamp((window + BEHIND + 1) * WINDOW, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// As much of a code as Azure's nonce holds: a number of [`CODE_DIGITS`].
fn digits(code: &[u8; 32]) -> u64 {
    code.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)) % CODES
}

fn audience_code(code: &[u8; 32]) -> &[u8] {
    code.split_at(AUDIENCE_CODE).0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn challenger(seed: u8) -> Challenger {
        Challenger::new(&Zeroizing::new([seed; 32]), "https://b.example/v1/challenge/".to_owned())
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(NOW + seconds, 0).unwrap()
    }

    fn name(text: &str) -> AgentName {
        AgentName::parse(text).unwrap()
    }

    #[test]
    fn a_challenge_has_ten_digits_and_an_audience_of_ours() {
        for (provider, random) in
            [(Provider::Azure, 0), (Provider::Google, 7), (Provider::Azure, u64::MAX)]
        {
            let Challenge { nonce, audience } = challenger(1).give(provider, None, random, at(0));
            assert!(nonce.len() == 10 && nonce.bytes().all(|b| b.is_ascii_digit()), "{nonce}");
            let rest = audience.strip_prefix("https://b.example/v1/challenge/").unwrap();
            let (first, code) = rest.split_once('.').unwrap();
            assert_eq!((first, code.len()), (nonce.as_str(), 22));
        }
    }

    #[test]
    fn a_challenge_counts_for_five_minutes_at_least_and_six_at_most() {
        // The windows begin with the minute, and so does NOW.
        let given = |second| challenger(1).give(Provider::Azure, None, 42, at(second)).nonce;
        let counts =
            |given: &str, second| challenger(1).find_nonce(given, None, at(second)).is_some();
        for (given_at, asked_at, expected) in [
            (0, 0, true),
            (0, 300, true),
            (0, 359, true),
            (0, 360, false),
            (59, 59 + 300, true),
            (59, 60 + 300, false),
            (0, 6 * 3_600, false),
            // A broker whose clock is a minute behind takes it, one that is further behind not.
            (0, -1, true),
            (0, -60, true),
            (0, -61, false),
        ] {
            assert_eq!(counts(&given(given_at), asked_at), expected, "{given_at} {asked_at}");
        }
    }

    #[test]
    fn a_bound_challenge_is_its_agents_and_an_unbound_one_anybodys() {
        let (main, dev) = (name("main"), name("dev"));
        let find = |bound: Option<&AgentName>, of: Option<&AgentName>| {
            let nonce = challenger(1).give(Provider::Azure, bound, 42, at(0)).nonce;
            challenger(1).find_nonce(&nonce, of, at(0)).is_some()
        };
        for (bound, of, expected) in [
            (None, None, true),
            (None, Some(&main), true),
            (Some(&main), Some(&main), true),
            (Some(&main), Some(&dev), false),
            (Some(&main), None, false),
        ] {
            assert_eq!(find(bound, of), expected, "{bound:?} {of:?}");
        }
    }

    #[test]
    fn another_key_another_cloud_or_another_digit_is_no_challenge_of_ours() {
        let ours = challenger(1);
        let nonce = ours.give(Provider::Azure, None, 42, at(0)).nonce;
        assert_eq!(ours.find_nonce(&nonce, None, at(0)), Some(NOW / 60));
        assert_eq!(challenger(2).find_nonce(&nonce, None, at(0)), None);
        let googles = ours.give(Provider::Google, None, 42, at(0)).nonce;
        assert_eq!(ours.find_nonce(&googles, None, at(0)), None);
        for place in 0..nonce.len() {
            let mut altered = nonce.clone().into_bytes();
            altered[place] = b'0' + (altered[place] - b'0' + 1) % 10;
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(ours.find_nonce(&altered, None, at(0)), None, "{altered}");
        }
    }

    /// A minute's challenges of one salt are one challenge, and of two logins only one could be
    /// answered: what the salt is for.
    #[test]
    fn salts_tell_the_challenges_of_a_minute_apart() {
        for (provider, several) in [(Provider::Azure, 1_000), (Provider::Google, 5_000)] {
            let nonces: std::collections::HashSet<String> = (0..several)
                .map(|random| challenger(1).give(provider, None, random, at(0)).nonce)
                .collect();
            assert_eq!(nonces.len() as u64, several);
        }
    }
}
