//! Any bytes in the place of the certificates of a message that Azure signed: it is believed only
//! where the very certificates that the authorities made are among them.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign_fuzz::{CLOUDS, azure_proof, content_of, now};
use libfuzzer_sys::fuzz_target;

static DOCUMENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let message = CLOUDS.keys.azure.attested(&CLOUDS.machine.azure, None, now()).unwrap();
    content_of(&STANDARD.decode(message).unwrap())
});

/// Signed once: what is asked is only about the certificates.
static SIGNATURE: LazyLock<Vec<u8>> = LazyLock::new(|| CLOUDS.azure_signature(&DOCUMENT));

fuzz_target!(|certificates: &[u8]| {
    let message = CLOUDS.azure_message(&DOCUMENT, &SIGNATURE, certificates);
    let Some(proof) = azure_proof(&message, &[]) else { return };
    if CLOUDS.believed(&proof).is_some() {
        for genuine in [&CLOUDS.azure_leaf, &CLOUDS.azure_issuing] {
            let is_there = certificates.windows(genuine.len()).any(|part| part == genuine);
            assert!(is_there, "a certificate was believed that nobody issued");
        }
    }
});
