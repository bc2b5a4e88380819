//! Where is the token? In a file that its owner alone can read, from the first byte on, and that is
//! whole whenever it is read.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::wire::LoginAnswer;

/// What the file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The token, and not even a line's end.
    #[default]
    Raw,
    /// The broker's whole answer.
    Json,
    /// Assignments, as shells and systemd's EnvironmentFile read them.
    Env,
}

/// What is written for this answer.
pub fn render(answer: &LoginAnswer, format: Format) -> Zeroizing<String> {
    Zeroizing::new(match format {
        Format::Raw => answer.session_token.clone(),
        // A struct of texts and numbers has a JSON form.
        Format::Json => serde_json::to_string(answer).unwrap_or_default(),
        // None of these can hold a quote or a space: a JWT, a name, a time.
        Format::Env => format!(
            "CALLSIGN_TOKEN={}\nCALLSIGN_TOKEN_EXPIRES_AT={}\nCALLSIGN_AGENT_NAME={}\n",
            answer.session_token,
            answer.expires_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            answer.agent.name,
        ),
    })
}

/// Replaces the file in one step: who has the old one open reads that to its end, who opens it
/// afterwards reads the new one, and after a crash it is one of the two.
///
/// # Errors
/// [`FileError`]; the old file is as it was.
pub fn replace(path: &Path, content: &str) -> Result<(), FileError> {
    let failed = |error| FileError::new(path, &error);
    let folder = folder_of(path);
    let mut file = owners_alone(folder).map_err(failed)?;
    file.write_all(content.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    // The new name, too, has to be on disk.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// The same for what needs not outlive a crash.
pub(super) fn replace_lightly(path: &Path, content: &str) -> io::Result<()> {
    let mut file = owners_alone(folder_of(path))?;
    file.write_all(content.as_bytes())?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

/// Whether a file could be written there, found out before there is anything to write.
///
/// # Errors
/// [`FileError`].
pub fn check(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Err(FileError::new(path, &io::Error::from(io::ErrorKind::IsADirectory)));
    }
    owners_alone(folder_of(path)).map(|_| ()).map_err(|error| FileError::new(path, &error))
}

fn owners_alone(folder: &Path) -> io::Result<NamedTempFile> {
    let permissions = Permissions::from_mode(0o600);
    tempfile::Builder::new().prefix(".callsign-").permissions(permissions).tempfile_in(folder)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The token file cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the token file {} cannot be written: {reason}\n  Its folder must exist and belong to the user \
     that runs the agent; choose another with --token-file.", path.display()
)]
pub struct FileError {
    path: PathBuf,
    reason: String,
}

impl FileError {
    fn new(path: &Path, error: &io::Error) -> Self {
        Self { path: path.to_owned(), reason: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Provider;
    use crate::wire::{AgentRef, ResourceRef};
    use std::fs;

    fn answer() -> LoginAnswer {
        LoginAnswer {
            session_token: "a.b.c".to_owned(),
            token_type: "Bearer".to_owned(),
            expires_in: 60,
            expires_at: chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            agent: AgentRef { id: uuid::Uuid::nil(), name: "main".to_owned() },
            resource: ResourceRef {
                id: uuid::Uuid::nil(),
                name: "build-7".to_owned(),
                provider: Provider::Aws,
                account: "123456789012".to_owned(),
                instance_id: "i-0abc".to_owned(),
            },
        }
    }

    #[test]
    fn each_form_holds_the_token_and_the_raw_one_nothing_else() {
        assert_eq!(*render(&answer(), Format::Raw), "a.b.c");
        let json: serde_json::Value =
            serde_json::from_str(&render(&answer(), Format::Json)).unwrap();
        assert_eq!(json["session_token"], "a.b.c");
        assert_eq!(
            *render(&answer(), Format::Env),
            "CALLSIGN_TOKEN=a.b.c\nCALLSIGN_TOKEN_EXPIRES_AT=2027-01-15T08:00:00Z\n\
             CALLSIGN_AGENT_NAME=main\n"
        );
    }

    #[test]
    fn the_file_is_its_owners_alone_even_where_it_was_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        replace(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_reader_of_the_old_token_reads_it_to_its_end() {
        use std::io::Read as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        replace(&path, "the old token").unwrap();
        let mut old = File::open(&path).unwrap();
        replace(&path, "new").unwrap();
        let mut read = String::new();
        old.read_to_string(&mut read).unwrap();
        assert_eq!(read, "the old token");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named_before_anything_happens() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing/token");
        let error = check(&missing).unwrap_err().to_string();
        assert!(error.contains("missing/token") && error.contains("--token-file"), "{error}");
        assert!(check(folder.path()).is_err());
        assert!(check(&folder.path().join("token")).is_ok());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
