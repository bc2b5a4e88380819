//! What would a start or a SIGHUP change? Configuration and database compared, both left as they
//! are: no migration is applied, no file and no key is made.

use crate::config::Config;
use crate::database::{Look, OpenError};
use crate::directory::preview::{Preview, preview};
use crate::directory::{DirectoryError, look_ahead};

/// What would be changed, and what was found.
#[derive(Debug)]
pub struct Planned {
    /// The registrations that would be different.
    pub preview: Preview,
    /// How the database was found.
    pub found: Found,
}

/// How a database was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is none yet; the first start makes it.
    Absent,
    /// It is there, and so many steps of its schema are not; the next start takes them.
    Behind(usize),
    /// It is there, and its schema is this binary's.
    Current,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The database cannot be looked at.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The registrations cannot be read.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

/// Plans a deployment of this configuration.
///
/// # Errors
/// [`PlanError`] when the database cannot be looked at.
pub async fn plan(config: &Config) -> Result<Planned, PlanError> {
    let (database, found) = match Look::at(&config.database).await? {
        Look::Absent => {
            let preview = preview(&config.resources, Default::default());
            return Ok(Planned { preview, found: Found::Absent });
        }
        Look::Found { database, pending } if pending.is_empty() => (database, Found::Current),
        Look::Found { database, pending } => (database, Found::Behind(pending.len())),
    };
    let preview = look_ahead(&database, &config.resources).await?;
    Ok(Planned { preview, found })
}
