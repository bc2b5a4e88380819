//! Can a genuine proof be changed into one that claims something else? Whatever is done to its
//! bytes: it is refused, or it still proves the same machine.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::identity::{IdentityProof, VerifiedInstance, verify};
use proptest::prelude::*;
use proptest::sample::Index;

use super::envelope::Envelope;
use super::fixture::{BUILTIN, SIGNER, TRUST, document, now, policy};
use crate::support::vectors::of_provider;

/// The raw bytes of a genuine proof, and what it proves.
struct Genuine {
    parts: Parts,
    instance: VerifiedInstance,
}

#[derive(Clone)]
enum Parts {
    Message(Vec<u8>),
    Document(Vec<u8>, Vec<u8>),
}

impl Parts {
    fn proof(&self) -> Option<IdentityProof> {
        match self {
            Parts::Message(message) => IdentityProof::aws_pkcs7(&STANDARD.encode(message)).ok(),
            Parts::Document(document, signature) => {
                let document = std::str::from_utf8(document).ok()?;
                IdentityProof::aws_document(document, &STANDARD.encode(signature)).ok()
            }
        }
    }

    fn genuine(self) -> Genuine {
        let instance = believed(&self).expect("genuine");
        Genuine { parts: self, instance }
    }
}

/// Asks both trusts: what either believes counts as believed.
fn believed(parts: &Parts) -> Option<VerifiedInstance> {
    let proof = parts.proof()?;
    let verdict = |trust| verify(&proof, trust, &policy(), now()).ok();
    verdict(&*TRUST).or_else(|| verdict(&*BUILTIN))
}

static GENUINE: LazyLock<Vec<Genuine>> = LazyLock::new(|| {
    let decode = |text: &str| {
        let packed: String = text.split_ascii_whitespace().collect();
        STANDARD.decode(packed).unwrap()
    };
    let mut all = vec![
        Parts::Message(decode(&SIGNER.rsa2048(&document(), now()).unwrap())),
        Parts::Message(Envelope::over(&document()).encode()),
        Parts::Document(document().into_bytes(), decode(&SIGNER.signature(&document()).unwrap())),
    ];
    for vector in of_provider("aws") {
        let message = vector.find("rsa2048.b64");
        all.extend(message.map(|text| Parts::Message(decode(&text))));
        let signature = vector.find("signature.b64");
        let document = vector.read("document.json").into_bytes();
        all.extend(signature.map(|text| Parts::Document(document, decode(&text))));
    }
    all.into_iter().map(Parts::genuine).collect()
});

/// One change to some bytes.
#[derive(Clone, Debug)]
pub enum Change {
    Flip(Index, u8),
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Truncate(Index),
    /// A stretch of another genuine proof is laid over this one.
    Splice(Index, Index, usize),
}

pub fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        4 => (index(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        4 => (index(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => (index(), prop::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        2 => (index(), 1..32_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => index().prop_map(Change::Truncate),
        2 => (index(), index(), 1..600_usize)
            .prop_map(|(at, from, count)| Change::Splice(at, from, count)),
    ]
}

impl Change {
    pub fn apply(&self, bytes: &mut Vec<u8>, other: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        let end = |at: usize, count: usize| (at + count).min(length);
        match self {
            Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Change::Set(at, byte) => bytes[at.index(length)] = *byte,
            Change::Insert(at, new) => {
                let at = at.index(length);
                bytes.splice(at..at, new.iter().copied());
            }
            Change::Remove(at, count) => {
                let at = at.index(length);
                bytes.drain(at..end(at, *count));
            }
            Change::Truncate(at) => bytes.truncate(at.index(length)),
            Change::Splice(at, from, count) => {
                let (at, from) = (at.index(length), from.index(other.len()));
                let stretch = &other[from..(from + count).min(other.len())];
                let end = end(at, stretch.len());
                bytes.splice(at..end, stretch.iter().copied());
            }
        }
    }
}

/// The bytes of a proof that a splice takes from.
fn bytes_of(parts: &Parts) -> &[u8] {
    match parts {
        Parts::Message(message) => message,
        Parts::Document(document, _) => document,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_changed_proof_claims_something_else(
        which in any::<Index>(),
        other in any::<Index>(),
        changes in prop::collection::vec((change(), any::<bool>()), 1..4),
    ) {
        let genuine = &GENUINE[which.index(GENUINE.len())];
        let other = bytes_of(&GENUINE[other.index(GENUINE.len())].parts);
        let mut parts = genuine.parts.clone();
        for (change, in_signature) in &changes {
            match &mut parts {
                Parts::Document(_, signature) if *in_signature => change.apply(signature, other),
                Parts::Document(bytes, _) | Parts::Message(bytes) => change.apply(bytes, other),
            }
        }
        if let Some(instance) = believed(&parts) {
            // A splice may have put another genuine proof in the place of the whole.
            let known = GENUINE.iter().any(|genuine| genuine.instance == instance);
            prop_assert!(known, "{instance:?}");
            prop_assert!(parts_are_of(&parts, &instance), "{instance:?}");
        }
    }
}

/// Whether the document that was signed for this machine is still in the proof, word for word.
fn parts_are_of(parts: &Parts, instance: &VerifiedInstance) -> bool {
    let text = String::from_utf8_lossy(bytes_of(parts)).into_owned();
    text.contains(instance.account()) && text.contains(instance.instance_id().as_str())
}

#[test]
fn every_flipped_bit_of_a_message_is_refused_or_changes_nothing() {
    for genuine in GENUINE.iter().take(2) {
        let bytes = bytes_of(&genuine.parts);
        for at in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << (at % 8);
            if let Some(instance) = believed(&Parts::Message(changed)) {
                assert_eq!(instance, genuine.instance, "byte {at}");
            }
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    for genuine in GENUINE.iter() {
        let cut = |bytes: &[u8], length: usize| bytes[..length].to_vec();
        match &genuine.parts {
            Parts::Message(message) => {
                for length in 0..message.len() {
                    let parts = Parts::Message(cut(message, length));
                    assert_eq!(believed(&parts), None, "{length} bytes");
                }
            }
            Parts::Document(document, signature) => {
                for length in 0..document.len() {
                    let parts = Parts::Document(cut(document, length), signature.clone());
                    assert_eq!(believed(&parts), None, "{length} bytes of the document");
                }
                for length in 0..signature.len() {
                    let parts = Parts::Document(document.clone(), cut(signature, length));
                    assert_eq!(believed(&parts), None, "{length} bytes of the signature");
                }
            }
        }
    }
}
