//! How is a pool of connections to SQLite kept honest, when its disk fails?
//!
//! SQLite ends a transaction by itself whose commit fails for want of room. The driver's rollback
//! then fails, too, and it goes on counting that transaction: what it begins next on the connection
//! is nested in one that is not there, and after a second failure holds the one write lock for good.

use sea_orm::sqlx::sqlite::{SqliteConnection, SqlitePoolOptions};
use sea_orm::sqlx::{self, Connection as _};

/// A pool whose connections come back without a transaction, or not at all.
pub(super) fn for_writing(pool: SqlitePoolOptions) -> SqlitePoolOptions {
    pool.after_release(|connection, _| Box::pin(is_clean(connection)))
}

async fn is_clean(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may be on its way yet: the ping comes after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}
