//! Can a genuine document of Azure's be changed into one that claims something else? Whatever is
//! done to its bytes: it is refused, or it still proves the same machine.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::identity::{VerifiedInstance, verify};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::Index;

use super::forge::{DOCUMENT, ISSUING, TRUST, leaf, message, proof};
use super::real_documents::{all_clouds, created_on, genuine};
use crate::identity::fixture::{BUILTIN, now};
use crate::identity::properties::change;

/// The bytes of a genuine message, when it is judged, and what it proves then.
struct Genuine {
    message: Vec<u8>,
    at: DateTime<Utc>,
    instance: VerifiedInstance,
}

/// Asks both trusts: what either believes counts as believed.
fn believed(message: &[u8], at: DateTime<Utc>) -> Option<VerifiedInstance> {
    if message.is_empty() {
        return None;
    }
    let proof = proof(message, &[&ISSUING.der]);
    let verdict = |trust| verify(&proof, trust, &all_clouds(), at).ok();
    verdict(&*TRUST).or_else(|| verdict(&*BUILTIN))
}

static GENUINE: LazyLock<Vec<Genuine>> = LazyLock::new(|| {
    let ours = (message(DOCUMENT, &leaf(|_| {})).encode(), now());
    let real = genuine().into_iter().map(|vector| {
        let text: String = vector.read("signature.b64").split_ascii_whitespace().collect();
        (STANDARD.decode(text).unwrap(), created_on(&vector) + TimeDelta::minutes(10))
    });
    let all = std::iter::once(ours).chain(real);
    all.map(|(message, at)| Genuine {
        instance: believed(&message, at).expect("genuine"),
        message,
        at,
    })
    .collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_changed_document_claims_something_else(
        which in any::<Index>(),
        other in any::<Index>(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let genuine = &GENUINE[which.index(GENUINE.len())];
        let other = &GENUINE[other.index(GENUINE.len())].message;
        let mut message = genuine.message.clone();
        for change in &changes {
            change.apply(&mut message, other);
        }
        if let Some(instance) = believed(&message, genuine.at) {
            // A splice may have put another genuine message in the place of the whole.
            let known = GENUINE.iter().any(|genuine| genuine.instance == instance);
            prop_assert!(known, "{instance:?}");
            let text = String::from_utf8_lossy(&message).to_ascii_lowercase();
            prop_assert!(text.contains(instance.instance_id().as_str()), "{instance:?}");
        }
    }
}

/// Every bit that counts is signed, or makes the message unreadable.
#[test]
fn every_flipped_bit_is_refused_or_changes_nothing() {
    let genuine = &GENUINE[0];
    for at in 0..genuine.message.len() {
        let mut changed = genuine.message.clone();
        changed[at] ^= 1 << (at % 8);
        if let Some(instance) = believed(&changed, genuine.at) {
            assert_eq!(instance, genuine.instance, "byte {at}");
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    for genuine in GENUINE.iter() {
        for length in 0..genuine.message.len() {
            assert_eq!(believed(&genuine.message[..length], genuine.at), None, "{length} bytes");
        }
    }
}
