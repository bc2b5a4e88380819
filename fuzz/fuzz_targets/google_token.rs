//! Any text in the place of Google's token proves the one machine that was signed for, or nothing.
//! And whatever Google may sign is read as an independent parser reads it.
//!
//! Text without a line break is a token as a caller sends it. With one, it is the header and the
//! claims of a token that Google signs.

#![no_main]

use std::sync::LazyLock;

use callsign::emulator::google::Detail;
use callsign::identity::{IdentityProof, VerifiedInstance};
use callsign_fuzz::{AUDIENCE, CLOUDS, LEEWAY, now};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;

static TOKEN: LazyLock<String> = LazyLock::new(|| {
    CLOUDS.keys.google.token(&CLOUDS.machine.google, AUDIENCE, Detail::Full, now()).unwrap()
});

fuzz_target!(|text: &str| -> Corpus {
    let believed = |token: &str| CLOUDS.believed(&IdentityProof::google_token(token).ok()?);
    match text.split_once('\n') {
        None => {
            if believed(text).is_some() {
                assert_eq!(text.trim_ascii(), *TOKEN, "a token has one form only");
            }
        }
        Some((header, claims)) => {
            let token = CLOUDS.keys.google.sign(header, claims).unwrap();
            if let Some(instance) = believed(&token) {
                assert_reads_alike(&instance, header, claims);
            }
        }
    }
    Corpus::Keep
});

fn assert_reads_alike(instance: &VerifiedInstance, header: &str, claims: &str) {
    let header: Value = serde_json::from_str(header).unwrap();
    assert_eq!(header["alg"], "RS256");
    assert_eq!(header["kid"], CLOUDS.keys.google.key_id());
    assert!(header.get("crit").is_none());

    let claims: Value = serde_json::from_str(claims).unwrap();
    assert_eq!(claims["iss"], "https://accounts.google.com");
    assert_eq!(claims["aud"], AUDIENCE);
    let (issued, expires) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    let (now, leeway) = (now().timestamp(), LEEWAY.num_seconds());
    assert!(issued <= now + leeway && now < expires + leeway);
    assert!((0..=3600 + leeway).contains(&(expires - issued)));

    let machine = &claims["google"]["compute_engine"];
    let id = &machine["instance_id"];
    let id = id.as_str().map_or_else(|| id.as_u64().unwrap().to_string(), str::to_owned);
    assert_eq!(instance.instance_id().as_str(), id);
    assert_eq!(Some(instance.account()), machine["project_id"].as_str());
    assert_eq!(instance.zone(), machine["zone"].as_str());
}
