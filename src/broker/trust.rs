//! Whose signatures count? The trust sources of the configuration, read and added up.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::TrustSource;
use crate::identity::{AwsTrust, TrustError};

/// The largest trust file that is read, in bytes. The built-in one has 40 KiB.
const MAX_LENGTH: u64 = 4 * 1024 * 1024;

/// Why a trust source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustSourceError {
    /// The file cannot be read.
    #[error("the trust file {path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file holds something that is no key.
    #[error("the trust file {path} is wrong:\n{error}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// All that is wrong in it.
        error: TrustError,
    },
}

/// Adds the keys of all AWS trust sources up.
///
/// # Errors
/// [`TrustSourceError`] for the first source that cannot be used.
pub fn load_aws(sources: &[TrustSource]) -> Result<AwsTrust, TrustSourceError> {
    let mut trust = AwsTrust::default();
    for source in sources {
        trust.merge(match source {
            TrustSource::Builtin => AwsTrust::builtin().map_err(|error| wrong("builtin", error))?,
            TrustSource::File(path) => {
                AwsTrust::parse(&read(path)?).map_err(|error| wrong(path, error))?
            }
        });
    }
    Ok(trust)
}

fn read(path: &Path) -> Result<String, TrustSourceError> {
    let unreadable =
        |reason: String| TrustSourceError::Unreadable { path: path.to_owned(), reason };
    let length = fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > MAX_LENGTH {
        return Err(unreadable("it is too large for a trust file".to_owned()));
    }
    fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

fn wrong(path: impl AsRef<Path>, error: TrustError) -> TrustSourceError {
    TrustSourceError::Wrong { path: path.as_ref().to_owned(), error }
}
