//! How is the database reached? Connecting, the engine's settings, and bringing the schema up.
//!
//! Knows URLs and engines, not one table. Rooms get a [`Database`] and hand it to their `store.rs`.

mod connect;
mod look;
mod postgres;
mod sqlite;

pub use look::Look;

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::config;
use connect::{Access, OPEN_ATTEMPTS, connect, connect_for_writing};

/// Pools of connections to a database whose schema is the one this binary was built for.
#[derive(Clone, Debug)]
pub struct Database {
    connection: DatabaseConnection,
    /// What logins are recorded by.
    recorder: DatabaseConnection,
}

/// How long a piece of work may take before it is given up: less than an asker waits for it, so that
/// the asker learns why.
const PATIENCE: Duration = Duration::from_secs(4);

/// What one broker at a time does, of all that share a database. Two that look, find nothing and
/// make it would make it twice, or fail where they meet.
///
/// On PostgreSQL each is an advisory lock, held until the transaction ends; SQLite has one writer
/// anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alone {
    /// Bring the schema up.
    Schema,
    /// Make signing keys.
    SigningKeys,
    /// Change registrations.
    Registrations,
    /// Remove what is over.
    Retention,
}

/// An advisory lock of ours: its first key keeps it apart from those of others on the server, and
/// of another callsign in another schema.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('callsign ' || current_schema()), $1)";

/// Where SeaORM keeps the names of the migrations that were applied.
const HISTORY: &str = "seaql_migrations";

impl Database {
    /// Connects, and applies the migrations that the database lacks, all of them or none.
    ///
    /// # Errors
    /// [`OpenError`], with what to do about it, when the database cannot be reached, is newer than
    /// this binary, or refuses a migration.
    pub async fn open(config: &config::Database) -> Result<Self, OpenError> {
        let unreachable = |error| OpenError::unreachable(config, &error);
        let connection = connect_for_writing(config).await.map_err(unreachable)?;
        let mut database = Self::sharing(connection);
        let opened = match database.migrate().await {
            Ok(()) => database.part_recorder(config).await.map_err(unreachable),
            migrated => migrated,
        };
        if let Err(error) = opened {
            // SQLite leaves two files beside a database that nobody closes.
            let _ = database.close().await;
            return Err(error);
        }
        Ok(database)
    }

    /// One pool for all.
    fn sharing(connection: DatabaseConnection) -> Self {
        Self { recorder: connection.clone(), connection }
    }

    /// Gives the recorder a connection to a SQLite file that nobody else has. SQLite forgets all
    /// pages that a connection has read as soon as another one has written: the one that writes all
    /// the time remembers them.
    async fn part_recorder(&mut self, config: &config::Database) -> Result<(), DbErr> {
        if config.sqlite_file().is_some() {
            self.recorder = connect(config, Access::Record).await?;
        }
        Ok(())
    }

    /// Tells every statement that runs here from now on, as SQL without its values: for whoever
    /// wants to know how the engine goes about it.
    #[must_use]
    pub fn telling(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let tell = Arc::new(tell);
        for pool in [&mut self.connection, &mut self.recorder] {
            let tell = Arc::clone(&tell);
            pool.set_metric_callback(move |info| tell(&info.statement.sql));
        }
        self
    }

    /// The pool, for statements that stand alone.
    pub(crate) fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        begin(&self.connection).await
    }

    /// Begins a transaction of the recorder's.
    pub(crate) async fn begin_record(&self) -> Result<DatabaseTransaction, DbErr> {
        begin(&self.recorder).await
    }

    /// Begins a transaction that no other broker has beside it for the same purpose.
    pub(crate) async fn begin_alone(&self, purpose: Alone) -> Result<DatabaseTransaction, DbErr> {
        let transaction = self.begin().await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            if purpose == Alone::Schema {
                transaction.execute_unprepared(postgres::WITHOUT_END).await?;
            }
            let purpose = [(purpose as i32).into()];
            let lock = Statement::from_sql_and_values(DbBackend::Postgres, LOCK, purpose);
            transaction.query_one_raw(lock).await?;
        }
        Ok(transaction)
    }

    /// Does a piece of work in good time, or gives it up: a transaction is rolled back then, unless
    /// it was about to be committed, which may be so or not.
    pub(crate) async fn in_time<T, E: From<DbErr>>(
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(failure("it took too long").into()),
        }
    }

    /// Asks the database for a sign of life, and PostgreSQL whether it takes writes.
    ///
    /// # Errors
    /// Whatever kept it from answering.
    pub async fn ping(&self) -> Result<(), DbErr> {
        if self.connection.get_database_backend() != DbBackend::Postgres {
            return self.connection.execute_unprepared("SELECT 1").await.map(drop);
        }
        let question = Statement::from_string(DbBackend::Postgres, postgres::READ_ONLY);
        let row = self.connection.query_one_raw(question).await?;
        match row.map(|row| row.try_get_by_index::<String>(0)).transpose()?.as_deref() {
            Some("off") => Ok(()),
            _ => Err(failure("it takes no writes")),
        }
    }

    /// Waits for running statements and closes every connection.
    ///
    /// # Errors
    /// Whatever the engine has against it.
    pub async fn close(self) -> Result<(), DbErr> {
        let recorder = self.recorder.close().await;
        self.connection.close().await.and(recorder)
    }

    async fn migrate(&self) -> Result<(), OpenError> {
        let mut attempt = 1;
        loop {
            match self.try_migrate().await {
                Err(OpenError::Migration(error)) if attempt < OPEN_ATTEMPTS && is_busy(&error) => {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_migrate(&self) -> Result<(), OpenError> {
        let transaction = self.begin_alone(Alone::Schema).await.map_err(OpenError::Migration)?;
        if let Some(unknown) = unknown_migration(&transaction).await? {
            return Err(OpenError::Newer { unknown });
        }
        Migrator::up(&transaction, None).await.map_err(OpenError::Migration)?;
        transaction.commit().await.map_err(OpenError::Migration)
    }
}

/// SQLite takes its write lock at once: a transaction that begins as a reader and turns writer fails
/// under contention instead of waiting.
async fn begin(pool: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    pool.begin_with_options(options).await
}

/// A migration that was applied here and that this binary has never heard of.
async fn unknown_migration(connection: &impl ConnectionTrait) -> Result<Option<String>, OpenError> {
    Migrator::install(connection).await.map_err(OpenError::Migration)?;
    let known: Vec<String> =
        Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    let applied = applied_migrations(connection).await.map_err(OpenError::Migration)?;
    Ok(applied.into_iter().find(|version| !known.contains(version)))
}

async fn applied_migrations(connection: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let backend = connection.get_database_backend();
    let sql = format!("SELECT version FROM {HISTORY} ORDER BY version");
    let rows = connection.query_all_raw(Statement::from_string(backend, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Whether the database has something against what it was given, and is well itself.
pub(crate) fn is_about_data(error: &DbErr) -> bool {
    match (error, code(error)) {
        (_, Some(code)) if code.len() == 5 => {
            // PostgreSQL: data exceptions and violated constraints.
            code.starts_with("22") || code.starts_with("23")
        }
        // SQLite: SQLITE_CONSTRAINT; the upper bits tell which.
        (_, Some(code)) => code.parse::<u32>().is_ok_and(|code| code & 0xff == 19),
        (DbErr::Json(_) | DbErr::Type(_), None) => true,
        (_, None) => false,
    }
}

fn is_busy(error: &DbErr) -> bool {
    // SQLITE_BUSY and its extended codes: another process holds the write lock.
    matches!(code(error).as_deref(), Some("5" | "261" | "517" | "773"))
}

/// What the engine calls the error: five characters on PostgreSQL, a number on SQLite.
fn code(error: &DbErr) -> Option<Cow<'_, str>> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner))
        | DbErr::Conn(RuntimeErr::SqlxError(inner)) => inner.as_database_error()?.code(),
        _ => None,
    }
}

fn failure(reason: &str) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(reason.to_owned()))
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No connection.
    #[error(
        "cannot open the database {url}: {cause}\n  Check [database] url: does the folder exist, \
         may this user write there, is the server up?"
    )]
    Unreachable {
        /// The URL without its password.
        url: String,
        /// What the engine said.
        cause: String,
    },
    /// Somebody newer was here.
    #[error(
        "the database is newer than this callsign: it has the migration {unknown}, which is \
         unknown here\n  Run the newer callsign, or restore the database from before its upgrade."
    )]
    Newer {
        /// The first unknown migration.
        unknown: String,
    },
    /// The schema could not be brought up; nothing of the step was kept.
    #[error("cannot bring the database's schema up: {0}")]
    Migration(DbErr),
}

impl OpenError {
    fn unreachable(config: &config::Database, error: &DbErr) -> Self {
        Self::Unreachable { url: config.redacted_url(), cause: error.to_string() }
    }
}

/// For tests of rooms that hold no table.
#[cfg(test)]
impl Database {
    /// A new one in this folder.
    pub(crate) async fn in_folder(folder: &std::path::Path) -> Self {
        let url = format!("sqlite://{}?mode=rwc", folder.join("a.db").display());
        Self::open(&config::Database { url }).await.unwrap()
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let count = Statement::from_string(self.connection.get_database_backend(), sql);
        let row = self.connection.query_one_raw(count).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_folder(folder: &std::path::Path) -> config::Database {
        config::Database { url: format!("sqlite://{}?mode=rwc", folder.join("a.db").display()) }
    }

    #[actix::test]
    async fn a_fresh_database_is_brought_up_and_opens_again() {
        let folder = tempfile::tempdir().unwrap();
        let config = in_folder(folder.path());
        Database::open(&config).await.unwrap().close().await.unwrap();
        let again = Database::open(&config).await.unwrap();
        again.ping().await.unwrap();
    }

    #[actix::test]
    async fn a_database_newer_than_the_binary_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let config = in_folder(folder.path());
        let database = Database::open(&config).await.unwrap();
        let row = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2999_future', 0)";
        database.connection().execute_unprepared(row).await.unwrap();
        database.close().await.unwrap();
        let error = Database::open(&config).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer { unknown } if unknown == "m2999_future"));
    }

    #[actix::test]
    async fn an_unreadable_path_says_what_to_check() {
        let error = Database::open(&in_folder("/nowhere/at/all".as_ref())).await.unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all/a.db"), "{error}");
        assert!(error.to_string().contains("[database] url"), "{error}");
    }
}
