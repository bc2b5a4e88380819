//! What is there of a database, without changing anything? For those who only look: nothing is
//! made, nothing is migrated, and SQLite is opened for reading only.

use std::path::{Path, PathBuf};

use migration::{Migrator, MigratorTrait as _};
use sea_orm::DbErr;
use sea_orm_migration::SchemaManager;

use super::connect::{Access, connect};
use super::{Database, HISTORY, OpenError, applied_migrations};
use crate::config;

/// A database as it was found.
#[derive(Debug)]
pub enum Look {
    /// Nobody has begun one yet.
    Absent,
    /// It is there.
    Found {
        /// The database, for reading.
        database: Database,
        /// Migrations that the next start applies.
        pending: Vec<String>,
    },
}

impl Look {
    /// Looks at the database that is configured.
    ///
    /// # Errors
    /// [`OpenError`] when it cannot be reached, or is newer than this binary.
    pub async fn at(config: &config::Database) -> Result<Self, OpenError> {
        let file = config.sqlite_file();
        if config.is_sqlite() && !file.as_ref().is_some_and(|file| file.exists()) {
            return Ok(Look::Absent);
        }
        // The write-ahead log is there while a broker runs, and after one that was killed.
        let in_use = file.is_none_or(|file| wal_of(&file).exists());
        let access = if in_use { Access::Read } else { Access::ReadAlone };
        let connection = connect(config, access).await;
        let connection = connection.map_err(|error| OpenError::unreachable(config, &error))?;
        let database = Database::sharing(connection);
        let found = database.find_pending().await?;
        Ok(found.map_or(Look::Absent, |pending| Look::Found { database, pending }))
    }
}

fn wal_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

impl Database {
    /// The migrations that are not applied yet; none at all where there is no history of any.
    async fn find_pending(&self) -> Result<Option<Vec<String>>, OpenError> {
        let unreadable = |error: DbErr| OpenError::Migration(error);
        let manager = SchemaManager::new(self.connection());
        if !manager.has_table(HISTORY).await.map_err(unreadable)? {
            return Ok(None);
        }
        let applied = applied_migrations(self.connection()).await.map_err(unreadable)?;
        let steps = Migrator::migrations();
        let known: Vec<&str> = steps.iter().map(|step| step.name()).collect();
        if let Some(unknown) = applied.iter().find(|step| !known.contains(&step.as_str())) {
            return Err(OpenError::Newer { unknown: unknown.clone() });
        }
        let is_pending = |step: &&str| !applied.iter().any(|applied| applied == step);
        Ok(Some(known.into_iter().filter(is_pending).map(str::to_owned).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_folder(folder: &std::path::Path) -> config::Database {
        config::Database { url: format!("sqlite://{}?mode=rwc", folder.join("a.db").display()) }
    }

    #[actix::test]
    async fn a_look_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let look = Look::at(&in_folder(folder.path())).await.unwrap();
        assert!(matches!(look, Look::Absent));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[actix::test]
    async fn an_empty_file_stays_empty() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        std::fs::write(&file, "").unwrap();
        let look = Look::at(&in_folder(folder.path())).await.unwrap();
        assert!(matches!(look, Look::Absent));
        assert_eq!(std::fs::metadata(&file).unwrap().len(), 0);
    }

    #[actix::test]
    async fn what_is_found_cannot_be_written_to() {
        use sea_orm::ConnectionTrait as _;
        let folder = tempfile::tempdir().unwrap();
        let config = in_folder(folder.path());
        Database::open(&config).await.unwrap().close().await.unwrap();
        let Look::Found { database, pending } = Look::at(&config).await.unwrap() else {
            panic!("nothing found");
        };
        assert!(pending.is_empty());
        let written = database.connection().execute_unprepared("DELETE FROM resource").await;
        assert!(written.unwrap_err().to_string().contains("readonly"));
    }

    #[actix::test]
    async fn a_migration_that_is_missing_is_named_and_not_applied() {
        use sea_orm::ConnectionTrait as _;
        let folder = tempfile::tempdir().unwrap();
        let config = in_folder(folder.path());
        let database = Database::open(&config).await.unwrap();
        let newest = Migrator::migrations().last().unwrap().name().to_owned();
        let forget = format!("DELETE FROM {HISTORY} WHERE version = '{newest}'");
        database.connection().execute_unprepared(&forget).await.unwrap();
        database.close().await.unwrap();
        for _twice in 0..2 {
            let look = Look::at(&config).await.unwrap();
            assert!(
                matches!(&look, Look::Found { pending, .. } if *pending == [newest.clone()]),
                "{look:?}"
            );
        }
    }

    #[actix::test]
    async fn a_database_newer_than_the_binary_is_refused() {
        use sea_orm::ConnectionTrait as _;
        let folder = tempfile::tempdir().unwrap();
        let config = in_folder(folder.path());
        let database = Database::open(&config).await.unwrap();
        let row = format!("INSERT INTO {HISTORY} (version, applied_at) VALUES ('m2999_future', 0)");
        database.connection().execute_unprepared(&row).await.unwrap();
        database.close().await.unwrap();
        let error = Look::at(&config).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer { unknown } if unknown == "m2999_future"));
    }
}
