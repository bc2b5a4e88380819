//! Where does the sealing key come from? The environment, or a file that only its owner may read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::keys::random_bytes;
use super::seal::SealingKey;

/// A sealing key file is text of about 45 bytes; what is longer is none.
const MAX_LENGTH: u64 = 1024;

/// Reads the sealing key file.
///
/// # Errors
/// [`SealingFileError`], with the path and what to do.
pub fn read(path: &Path) -> Result<SealingKey, SealingFileError> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    // The sealing key opens every signing key: whoever reads it can mint any token.
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(SealingFileError::Exposed { path: path.to_owned() });
    }
    if metadata.len() > MAX_LENGTH {
        return Err(SealingFileError::NotAKey { path: path.to_owned() });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| unreadable(path, error))?);
    SealingKey::parse(&text).map_err(|_| SealingFileError::NotAKey { path: path.to_owned() })
}

/// Makes a sealing key file, mode 0600 from its first byte, and gives the key. The file is
/// complete on disk before its name exists, so that no crash leaves a half-written key.
///
/// # Errors
/// [`SealingFileError`]; an existing file is never replaced.
pub fn create(path: &Path) -> Result<SealingKey, SealingFileError> {
    let failed = |error| SealingFileError::NotMade { path: path.to_owned(), error };
    let bytes = random_bytes().ok_or_else(|| failed(io::Error::other("no randomness")))?;
    let key = SealingKey::new(Zeroizing::new(bytes));
    let unfinished = path.with_extension(format!("sealing-key.{}", std::process::id()));
    let outcome = write_private(&unfinished, &key).and_then(|()| fs::hard_link(&unfinished, path));
    // Its link under the right name, if it was made, stays.
    let _ = fs::remove_file(&unfinished);
    outcome.map_err(failed)?;
    sync_folder(path).map_err(failed)?;
    Ok(key)
}

fn write_private(path: &Path, key: &SealingKey) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.to_text().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn unreadable(path: &Path, error: io::Error) -> SealingFileError {
    let path = path.to_owned();
    if error.kind() == io::ErrorKind::NotFound {
        SealingFileError::Missing { path }
    } else {
        SealingFileError::Unreadable { path, error }
    }
}

/// Why there is no sealing key.
#[derive(Debug, thiserror::Error)]
pub enum SealingFileError {
    /// No such file.
    #[error(
        "the sealing key file {path} is missing, and this database has signing keys sealed with \
         it\n  Put the file back, or set [token] sealing_key_file or CALLSIGN_SEALING_KEY."
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is there and cannot be read.
    #[error("the sealing key file {path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Others may read it.
    #[error(
        "the sealing key file {path} may be read by others\n  Make it private: chmod 600 {path}"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It holds something else.
    #[error(
        "{path} holds no sealing key\n  A sealing key is 32 random bytes in base64: \
         openssl rand -base64 32"
    )]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// It could not be made.
    #[error("the sealing key file {path} cannot be made: {error}")]
    NotMade {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sealing-key");
        let made = create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().to_text(), made.to_text());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_existing_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sealing-key");
        let first = create(&path).unwrap();
        assert!(matches!(create(&path), Err(SealingFileError::NotMade { .. })));
        assert_eq!(read(&path).unwrap().to_text(), first.to_text());
    }

    #[test]
    fn a_missing_exposed_or_wrong_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sealing-key");
        assert!(matches!(read(&path), Err(SealingFileError::Missing { .. })));
        create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read(&path), Err(SealingFileError::Exposed { .. })));
        fs::write(&path, "hello").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(read(&path), Err(SealingFileError::NotAKey { .. })));
    }
}
