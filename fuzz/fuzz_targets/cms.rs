//! Any bytes in the place of a CMS message, as AWS's and as Azure's: they prove the one machine that
//! was signed for, or nothing.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::identity::IdentityProof;
use callsign_fuzz::{CLOUDS, azure_proof};
use libfuzzer_sys::fuzz_target;

/// The most bytes of a message: 32 KiB of base64.
const MOST: usize = 24 * 1024;

fuzz_target!(|message: &[u8]| {
    let aws = IdentityProof::aws_pkcs7(&STANDARD.encode(message)).ok();
    let azure = azure_proof(message, &[&CLOUDS.azure_issuing]);
    assert!(message.len() <= MOST || (aws.is_none() && azure.is_none()), "beyond the bound");

    if let Some(instance) = aws.and_then(|proof| CLOUDS.believed(&proof)) {
        assert_eq!(instance.account(), CLOUDS.machine.aws.account);
        assert_eq!(instance.instance_id(), &CLOUDS.machine.aws.instance_id);
    }
    if let Some(instance) = azure.and_then(|proof| CLOUDS.believed(&proof)) {
        assert_eq!(instance.account(), CLOUDS.machine.azure.subscription_id);
        assert_eq!(instance.instance_id(), &CLOUDS.machine.azure.vm_id);
    }
});
