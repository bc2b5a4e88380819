//! Is this an instance identity token that Google signed for one of its machines?
//!
//! What is proven: Google's metadata server gave this token to a program on that machine within
//! the last hour, for an audience that is ours. Any process on the machine can ask for one. Google
//! signs the tokens of every service account with the same keys, so it is the claim
//! `google.compute_engine` that makes a token speak for a machine, and one without it proves none.
//!
//! [Google's procedure][1] is followed, and its rules are held to the letter: one algorithm, one
//! issuer, times as integers, one audience.
//!
//! [1]: https://cloud.google.com/compute/docs/instances/verifying-instance-identity

mod jws;

pub(super) use jws::CompactToken;

use chrono::{DateTime, TimeDelta, Utc};

use super::challenge::Asked;
use super::error::{Rejection, VerifyError};
use super::instance::{Facts, VerifiedInstance};
use super::json::Object;
use super::key_set::KeySet;
use super::policy::Policy;
use super::proof::ProofKind;
use crate::names::{InstanceId, Provider};

/// Who makes identity tokens. Compared as a whole: any other spelling, with a slash more or a
/// scheme less, is somebody else.
const ISSUER: &str = "https://accounts.google.com";

/// How long Google's tokens are good for. One that claims more is not of Google's making, and
/// would be a key to the machine for as long as it claims.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Verifies a token: signature, then what it claims. The allow-list is the caller's next step.
///
/// # Errors
/// As [`verify`](super::verify()).
pub(super) fn verify(
    token: &CompactToken,
    keys: &KeySet,
    policy: &Policy,
    asked: &Asked<'_>,
) -> Result<VerifiedInstance, VerifyError> {
    let key_id = token.key_id()?;
    let key = keys.find(&key_id).ok_or(Rejection::UnknownKey)?;
    if !key.verifies(token.signed(), token.signature()) {
        return Err(Rejection::SignatureInvalid.into());
    }
    let claims = Claims::parse(token.payload())?;
    claims.check_times(policy.leeway, asked.now)?;
    if claims.issuer != ISSUER {
        return Err(Rejection::Issuer.into());
    }
    let demand = policy.google.audience;
    let answered = asked.by_audience(demand, &claims.audience, claims.issued_at)?;
    if answered.is_none() && !policy.google.audiences.contains(&claims.audience) {
        return Err(Rejection::Audience.into());
    }
    Ok(claims.into_instance().having_answered(answered))
}

/// What a token says; believed once its signature is.
struct Claims {
    issuer: String,
    audience: String,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    not_before: Option<DateTime<Utc>>,
    instance_id: InstanceId,
    project_id: String,
    region: String,
    facts: Facts,
}

impl Claims {
    fn parse(payload: &[u8]) -> Result<Self, Rejection> {
        let object = Object::parse(payload)?;
        let text = |name| object.text(name).map(str::to_owned).ok_or(Rejection::Member(name));
        let google = object.object("google").ok_or(Rejection::Member("google"))?;
        let machine =
            google.object("compute_engine").ok_or(Rejection::Member("google.compute_engine"))?;
        Ok(Self {
            issuer: text("iss")?,
            // A list of audiences would make a token good for somebody else, too.
            audience: text("aud")?,
            issued_at: parse_time(&object, "iat")?,
            expires_at: parse_time(&object, "exp")?,
            not_before: match object.has("nbf") {
                true => Some(parse_time(&object, "nbf")?),
                false => None,
            },
            instance_id: parse_instance_id(machine)?,
            project_id: parse_project_id(machine)?,
            region: parse_region(machine)?,
            facts: Facts {
                zone: machine.text("zone").map(str::to_owned),
                launched_at: parse_time(machine, "instance_creation_timestamp").ok(),
                ..Facts::default()
            },
        })
    }

    fn check_times(&self, leeway: TimeDelta, now: DateTime<Utc>) -> Result<(), Rejection> {
        let begins = [("iat", Some(self.issued_at)), ("nbf", self.not_before)];
        for (what, time) in begins.into_iter().filter_map(|(what, time)| Some((what, time?))) {
            if time.signed_duration_since(now) > leeway {
                return Err(Rejection::TimeInFuture { what, time });
            }
        }
        if now.signed_duration_since(self.expires_at) >= leeway {
            return Err(Rejection::Expired { what: "exp", time: self.expires_at });
        }
        let lifetime = self.expires_at.signed_duration_since(self.issued_at);
        if lifetime < TimeDelta::zero() || lifetime > LIFETIME + leeway {
            return Err(Rejection::Lifetime);
        }
        Ok(())
    }

    fn into_instance(self) -> VerifiedInstance {
        let Self { project_id, region, instance_id, facts, .. } = self;
        VerifiedInstance::new(ProofKind::Google, project_id, region, instance_id).with_facts(facts)
    }
}

/// NumericDate (RFC 7519 section 2), of which Google writes whole seconds.
fn parse_time(object: &Object<'_>, name: &'static str) -> Result<DateTime<Utc>, Rejection> {
    let seconds = object.integer(name).and_then(|seconds| i64::try_from(seconds).ok());
    seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or(Rejection::Member(name))
}

/// A 64-bit number, as Google writes it in a string; as a JSON number it is taken, too, but never
/// as a float, which holds no number of this size exactly.
fn parse_instance_id(machine: &Object<'_>) -> Result<InstanceId, Rejection> {
    let refused = Rejection::Member("google.compute_engine.instance_id");
    let number: Option<u64> = match machine.text("instance_id") {
        // `parse` takes a sign and leading noughts; one machine has one id.
        Some(text) => text.parse().ok().filter(|number: &u64| number.to_string() == text),
        None => machine.integer("instance_id").and_then(|number| number.try_into().ok()),
    };
    let text = number.filter(|number| *number > 0).ok_or(refused.clone())?.to_string();
    InstanceId::parse(Provider::Google, &text).map_err(|_| refused)
}

/// `[a-z][a-z0-9-]…`; older ones begin with a domain: `example.com:name`.
fn parse_project_id(machine: &Object<'_>) -> Result<String, Rejection> {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b':');
    machine
        .text("project_id")
        .filter(|text| (1..=128).contains(&text.len()) && text.bytes().all(allowed))
        .map(str::to_owned)
        .ok_or(Rejection::Member("google.compute_engine.project_id"))
}

/// The region is the zone without the place in it, which stands behind the last hyphen: the zone
/// `us-east1-b` lies in the region `us-east1`.
fn parse_region(machine: &Object<'_>) -> Result<String, Rejection> {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    machine
        .text("zone")
        .filter(|text| text.len() <= 64 && text.bytes().all(allowed))
        .and_then(|text| text.rsplit_once('-'))
        .filter(|(region, place)| !region.is_empty() && !place.is_empty())
        .map(|(region, _)| region.to_owned())
        .ok_or(Rejection::Member("google.compute_engine.zone"))
}
