//! Can a genuine token be changed into one that claims something else? Whatever is done to its
//! bytes: it is refused, or it still proves the same machine.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callsign::identity::{Trust, VerifiedInstance};
use proptest::prelude::*;
use proptest::sample::Index;

use super::fixture::*;
use crate::identity::fixture::now;

static TOKEN: LazyLock<String> = LazyLock::new(|| signed(&header(), &claims()));
static TRUST: LazyLock<Trust> = LazyLock::new(trust);

fn believed(token: &str) -> Option<VerifiedInstance> {
    let proof = callsign::identity::IdentityProof::google_token(token).ok()?;
    callsign::identity::verify(&proof, &TRUST, &policy(), now()).ok()
}

static GENUINE: LazyLock<VerifiedInstance> = LazyLock::new(|| believed(&TOKEN).unwrap());

fn parts(token: &str) -> Vec<Vec<u8>> {
    token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect()
}

fn joined(parts: &[Vec<u8>]) -> String {
    parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect::<Vec<_>>().join(".")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_changed_token_claims_something_else(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = TOKEN.clone().into_bytes();
        for (at, byte) in &changes {
            let length = bytes.len();
            bytes[at.index(length)] = *byte;
        }
        let changed = String::from_utf8_lossy(&bytes);
        if let Some(instance) = believed(&changed) {
            prop_assert_eq!(&instance, &*GENUINE);
            prop_assert_eq!(&*changed, &*TOKEN);
        }
    }

    #[test]
    fn no_token_whose_parts_are_changed_claims_something_else(
        part in 0..3_usize,
        at in any::<Index>(),
        remove in 0..40_usize,
        insert in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut parts = parts(&TOKEN);
        let bytes = &mut parts[part];
        let at = at.index(bytes.len());
        let end = (at + remove).min(bytes.len());
        bytes.splice(at..end, insert);
        let changed = joined(&parts);
        if let Some(instance) = believed(&changed) {
            prop_assert_eq!(&instance, &*GENUINE);
            prop_assert_eq!(&changed, &*TOKEN);
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let genuine = parts(&TOKEN);
    for (part, bytes) in genuine.iter().enumerate() {
        for bit in 0..bytes.len() * 8 {
            let mut changed = genuine.clone();
            changed[part][bit / 8] ^= 1 << (bit % 8);
            assert_eq!(believed(&joined(&changed)), None, "part {part}, bit {bit}");
        }
    }
    assert!(believed(&joined(&genuine)).is_some());
}

#[test]
fn every_truncation_is_refused() {
    for length in 0..TOKEN.len() {
        assert_eq!(believed(&TOKEN[..length]), None, "{length} characters");
    }
}
