//! Which keys does a broker work with? Those that sign, and the one that knows challenges again: both
//! hang on the sealing key.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::system::StartError;
use crate::config::Config;
use crate::database::Database;
use crate::identity::Challenger;
use crate::token::{KeyRing, SealingKey, has_keys, open_key_ring, random_bytes, sealing_file};

/// What the key of challenges is derived for. Another text is another key: brokers of one database
/// would no longer take each other's challenges.
const CHALLENGES: &str = "callsign challenge 1";

/// What there is to sign with, and to know challenges by.
pub(super) struct OpenKeys {
    pub(super) signing: KeyRing,
    pub(super) challenges: Zeroizing<[u8; 32]>,
}

/// Opens the signing keys with the sealing key that the environment gave, or the stored one.
pub(super) async fn open_keys(
    config: &Config,
    sealing_key: Option<SealingKey>,
    database: &Database,
    now: DateTime<Utc>,
) -> Result<OpenKeys, StartError> {
    let sealing_key = match sealing_key {
        Some(key) => key,
        None => stored_sealing_key(config, database).await?,
    };
    let challenges = sealing_key.derive(CHALLENGES).map_err(|_| StartError::NotDerived)?;
    Ok(OpenKeys { signing: open_key_ring(database, &sealing_key, now).await?, challenges })
}

/// Audiences of challenges lie under the path that gives them, so that nobody else's can be one.
pub(super) fn challenger(key: &Zeroizing<[u8; 32]>, public_url: &str) -> Challenger {
    Challenger::new(key, format!("{public_url}/v1/challenge/"))
}

/// The sealing key of the configured file, made on first start. It is never made for a database
/// that has keys already: those are sealed with another one.
async fn stored_sealing_key(
    config: &Config,
    database: &Database,
) -> Result<SealingKey, StartError> {
    match &config.token.sealing_key_file {
        Some(path) if path.exists() || has_keys(database).await? => Ok(sealing_file::read(path)?),
        Some(path) => match sealing_file::create(path) {
            // Another broker that starts at the same time was faster: it is the one key of both.
            Err(_) if path.exists() => Ok(sealing_file::read(path)?),
            created => Ok(created?),
        },
        // The keys of an in-memory database end with the process, and so may their seal.
        None if config.database.url.starts_with("sqlite:") => {
            let bytes = random_bytes().ok_or(StartError::Random)?;
            Ok(SealingKey::new(Zeroizing::new(bytes)))
        }
        None => Err(StartError::NoSealingKey),
    }
}
