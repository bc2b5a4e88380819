//! Where is the token kept when nobody says where?

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::outcome::Failure;

/// Where the token is kept, and for how long.
#[derive(Debug)]
pub(super) struct Place {
    token_file: PathBuf,
    /// A folder of our own, that others cannot look into; removed with this.
    _folder: Option<TempDir>,
}

impl Place {
    /// The place that was named, as seen from everywhere; else a folder of our own.
    pub(super) fn choose(named: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(path) = named {
            let token_file = std::path::absolute(&path).unwrap_or(path);
            return Ok(Self { token_file, _folder: None });
        }
        let mut folder = tempfile::Builder::new();
        folder.prefix("callsign-agent-").permissions(Permissions::from_mode(0o700));
        let folder = folder.tempdir().map_err(|error| {
            Failure::new(format!(
                "no folder for the token: {error}\n  Name a place with --token-file."
            ))
        })?;
        Ok(Self { token_file: folder.path().join("token"), _folder: Some(folder) })
    }

    pub(super) fn token_file(&self) -> &Path {
        &self.token_file
    }
}
