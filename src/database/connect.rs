//! How is a connection made? What each is for, how many there are, and the engines' settings.

use std::time::Duration;

use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};

use super::{is_busy, postgres, sqlite};
use crate::config;

/// Connections to a server, at most. Lookups and the recorder's one writer share them.
const MAX_CONNECTIONS: u32 = 8;

/// The same to a SQLite file, beside the recorder's: each has a thread and a page cache of its own.
const MAX_SQLITE_CONNECTIONS: u32 = 3;

/// How long a statement waits for SQLite's single writer before it fails.
const SQLITE_BUSY: Duration = Duration::from_secs(3);

/// How long a request waits for a free connection, or for a server that is not there.
const ACQUIRE: Duration = Duration::from_secs(2);

/// Tries for the write lock of a SQLite file that several brokers open at once.
pub(super) const OPEN_ATTEMPTS: u32 = 5;

/// How long the first of these waits for the next; later ones wait longer.
const OPEN_PAUSE: Duration = Duration::from_millis(20);

/// Connects, and tries again where another process opens a new SQLite file at the same time: the
/// step to the write-ahead log is one that SQLite does not wait for.
pub(super) async fn connect_for_writing(
    config: &config::Database,
) -> Result<DatabaseConnection, DbErr> {
    let mut attempt = 1;
    loop {
        match connect(config, Access::Write).await {
            Err(error) if attempt < OPEN_ATTEMPTS && is_busy(&error) => {
                tokio::time::sleep(OPEN_PAUSE * attempt).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    /// Writing what the recorder is told, and nothing else.
    Record,
    Read,
    /// Reading a file that nobody has open: not even SQLite's own helper files are made.
    ReadAlone,
}

pub(super) async fn connect(
    config: &config::Database,
    access: Access,
) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(&config.url);
    let in_memory = config.is_sqlite() && config.sqlite_file().is_none();
    let most = match access {
        // Each connection to an in-memory database opens a new one, and the last to close wipes it.
        _ if in_memory => 1,
        Access::Record => 1,
        _ if config.is_sqlite() => MAX_SQLITE_CONNECTIONS,
        _ => MAX_CONNECTIONS,
    };
    options.max_connections(most).min_connections(1);
    if in_memory {
        options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
    }
    // A ping costs as much as a lookup; a broken connection shows at its first statement anyway.
    options.test_before_acquire(false).acquire_timeout(ACQUIRE).sqlx_logging(false);
    let writes = matches!(access, Access::Write | Access::Record);
    if writes {
        options.map_sqlx_postgres_pool_opts(postgres::for_writing);
        // The only connection to an in-memory database is never given up.
        if !in_memory {
            options.map_sqlx_sqlite_pool_opts(sqlite::for_writing);
        }
    }
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.foreign_keys(true).busy_timeout(SQLITE_BUSY);
        if !writes {
            let alone = access == Access::ReadAlone;
            return sqlite.create_if_missing(false).read_only(true).immutable(alone);
        }
        sqlite
            .pragma("journal_mode", "WAL")
            // An answered token survives a power cut, not only a crash of the process.
            .pragma("synchronous", "FULL")
            // A statement of many rows keeps what undoes it: in a file made anew for each, else.
            .pragma("temp_store", "MEMORY")
    });
    sea_orm::Database::connect(options).await
}
