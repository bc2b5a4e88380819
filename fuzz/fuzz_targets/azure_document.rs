//! Whatever Azure's metadata service may sign is read as an independent parser reads it.

#![no_main]

use callsign::identity::VerifiedInstance;
use callsign_fuzz::{CLOUDS, LEEWAY, azure_proof, now};
use chrono::{DateTime, NaiveDateTime, Utc};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|document: &[u8]| {
    let signature = CLOUDS.azure_signature(document);
    let message = CLOUDS.azure_message(document, &signature, &CLOUDS.azure_leaf);
    let Some(proof) = azure_proof(&message, &[&CLOUDS.azure_issuing]) else { return };
    if let Some(instance) = CLOUDS.believed(&proof) {
        assert_reads_alike(&instance, &serde_json::from_slice(document).unwrap());
    }
});

fn assert_reads_alike(instance: &VerifiedInstance, document: &Value) {
    let vm_id = document["vmId"].as_str().unwrap();
    assert_eq!(instance.instance_id().as_str(), vm_id.to_ascii_lowercase());
    let subscription = match document.get("subscriptionId") {
        Some(id) => id.as_str().unwrap().to_ascii_lowercase(),
        None => String::new(),
    };
    assert_eq!(instance.account(), subscription);
    assert!(time(document, "createdOn") - now() <= LEEWAY);
    assert!(now() - time(document, "expiresOn") <= LEEWAY);
}

fn time(document: &Value, name: &str) -> DateTime<Utc> {
    let text = document["timeStamp"][name].as_str().unwrap();
    NaiveDateTime::parse_from_str(text, "%m/%d/%y %H:%M:%S -0000").unwrap().and_utc()
}
