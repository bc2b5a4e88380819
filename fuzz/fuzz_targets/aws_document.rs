//! Any text in the place of AWS's document: under the genuine document's signature it is that
//! document. And whatever AWS may sign, by either kind, is read alike, and as an independent
//! parser reads it.

#![no_main]

use std::sync::LazyLock;

use callsign::identity::{IdentityProof, VerifiedInstance};
use callsign_fuzz::{CLOUDS, LEEWAY, REGION, now};
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// The most bytes of a document.
const MOST: usize = 16 * 1024;

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| CLOUDS.keys.aws.document(&CLOUDS.machine.aws, now()));
static SIGNATURE: LazyLock<String> =
    LazyLock::new(|| CLOUDS.keys.aws.signature(&DOCUMENT).unwrap());

fuzz_target!(|document: &str| {
    let Ok(proof) = IdentityProof::aws_document(document, &SIGNATURE) else { return };
    assert!(document.len() <= MOST, "beyond the bound");
    if CLOUDS.believed(&proof).is_some() {
        assert_eq!(document, *DOCUMENT, "a signature is good for another document");
    }

    let signature = CLOUDS.keys.aws.signature(document).unwrap();
    let plain = IdentityProof::aws_document(document, &signature).unwrap();
    let plain = CLOUDS.believed(&plain);
    let message = CLOUDS.keys.aws.rsa2048(document, now()).unwrap();
    let wrapped = IdentityProof::aws_pkcs7(&message).ok();
    let wrapped = wrapped.and_then(|proof| CLOUDS.believed(&proof));
    assert_eq!(plain.as_ref().map(words), wrapped.as_ref().map(words), "the kinds disagree");
    if let Some(instance) = plain {
        assert_reads_alike(&instance, document);
    }
});

fn words(instance: &VerifiedInstance) -> [&str; 3] {
    [instance.account(), instance.region(), instance.instance_id().as_str()]
}

fn assert_reads_alike(instance: &VerifiedInstance, document: &str) {
    let document: Value = serde_json::from_str(document).unwrap();
    let text = |name: &str| document[name].as_str().unwrap();
    assert_eq!(words(instance), [text("accountId"), text("region"), text("instanceId")]);
    assert_eq!(text("region"), REGION, "the keys speak for one region only");
    assert!(text("accountId").len() == 12 && text("accountId").parse::<u64>().is_ok());
    let pending = DateTime::parse_from_rfc3339(text("pendingTime")).unwrap();
    assert!(pending.to_utc() - now() <= LEEWAY);
    assert_eq!(instance.launched_at(), Some(pending.to_utc()));
}
