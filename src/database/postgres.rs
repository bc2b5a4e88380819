//! How is a pool of connections to PostgreSQL kept honest, when servers fall silent, fail over and
//! come back?
//!
//! - A server that takes no writes is not connected to: after a failover that is the wrong one, or
//!   not the right one yet, and the pool asks again until it finds it.
//! - A connection whose peer is silent is given up: it would keep its place in the pool for as long
//!   as the network keeps quiet about it.
//! - Whatever we began ends soon after we are gone, and holds no lock of others up.

use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnection, PgPoolOptions};
use sea_orm::sqlx::{self, Connection as _, Row as _};

/// How long a connection may take for a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_millis(500);

/// A connection that nobody used for so long is tested before it is used again. More often would
/// cost more than it helps, since a ping costs as much as a lookup, and one that breaks under load
/// shows at its next statement.
const UNUSED: Duration = Duration::from_millis(100);

/// Ends on the server what nobody waits for any more (we give up sooner), and the transaction of a
/// broker whose machine is gone; tells whether the server takes writes.
const GREETING: &str = "SELECT set_config('statement_timeout', '10s', false), \
                        set_config('idle_in_transaction_session_timeout', '10s', false), \
                        current_setting('transaction_read_only')";

/// What a step that may take long is exempt by, until the transaction ends.
pub(super) const WITHOUT_END: &str = "SET LOCAL statement_timeout = 0";

/// Whether writes are taken now: `on` where they are not.
pub(super) const READ_ONLY: &str = "SELECT current_setting('transaction_read_only')";

/// A pool for writing.
pub(super) fn for_writing(pool: PgPoolOptions) -> PgPoolOptions {
    pool.after_connect(|connection, _| Box::pin(greet(connection)))
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for >= UNUSED { test(connection).await } else { Ok(true) }
            })
        })
        .after_release(|connection, _| Box::pin(test(connection)))
}

async fn greet(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let row = sqlx::raw_sql(GREETING).fetch_one(connection).await?;
    match row.try_get(2)? {
        "on" => Err(sqlx::Error::Configuration("the server takes no writes".into())),
        _ => Ok(()),
    }
}

/// The pool tests what comes back, too, but would wait for it without end.
async fn test(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(SIGN_OF_LIFE, connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}
