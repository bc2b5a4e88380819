//! Where does a test keep its data? In a place of its own: a SQLite file in its folder, or, where
//! `CALLSIGN_TEST_DATABASE_URL` names a PostgreSQL, a schema there.

use std::path::Path;

use callsign::config;
use callsign::database::Database;
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;
use tokio::sync::OnceCell;

const VARIABLE: &str = "CALLSIGN_TEST_DATABASE_URL";
const PREFIX: &str = "callsign_test_";

/// Whether the tests run on PostgreSQL.
pub fn is_postgres() -> bool {
    server().is_some()
}

/// The database of the test that has this folder. Before it is opened for the first time,
/// [`prepare`] it.
pub fn url(folder: &Path) -> String {
    match server() {
        Some(server) => {
            let separator = if server.contains('?') { '&' } else { '?' };
            format!("{server}{separator}options[search_path]={}", schema(folder))
        }
        None => format!("sqlite://{}?mode=rwc", folder.join("callsign.db").display()),
    }
}

/// The section of a configuration that names it.
pub fn section(folder: &Path) -> String {
    format!("[database]\nurl = {:?}\n", url(folder))
}

/// Makes the place that [`url`] names, if it is not there.
pub async fn prepare(folder: &Path) {
    let Some(server) = server() else { return };
    static SWEPT: OnceCell<()> = OnceCell::const_new();
    SWEPT.get_or_init(|| sweep(&server)).await;
    run(&server, &format!("CREATE SCHEMA IF NOT EXISTS {}", schema(folder))).await;
}

fn server() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|url| !url.is_empty())
}

/// A schema for each folder, of this run of the tests.
fn schema(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_str().unwrap().to_ascii_lowercase();
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{PREFIX}{}_{name}", std::process::id())
}

/// Drops the schemas that earlier runs left: a schema outlives its test, because a broker that is
/// started again must find it.
async fn sweep(server: &str) {
    let connection = sea_orm::Database::connect(server).await.unwrap();
    let sql = format!("SELECT nspname::text FROM pg_namespace WHERE nspname LIKE '{PREFIX}%'");
    for schema in texts(&connection, &sql).await {
        let run = schema.trim_start_matches(PREFIX).split('_').next().unwrap();
        if !Path::new("/proc").join(run).exists() {
            run_on(&connection, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await;
        }
    }
    connection.close().await.unwrap();
}

async fn run(server: &str, sql: &str) {
    let connection = sea_orm::Database::connect(server).await.unwrap();
    run_on(&connection, sql).await;
    connection.close().await.unwrap();
}

/// The first column of every row that a query gives.
pub async fn texts(connection: &sea_orm::DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn run_on(connection: &sea_orm::DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.unwrap();
}

/// A migrated database of its own, as callsign opens it and as it lies there.
#[derive(Debug)]
pub struct Opened {
    pub database: Database,
    pub sql: sea_orm::DatabaseConnection,
    folder: TempDir,
}

impl Opened {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path()).await;
        let url = url(folder.path());
        let database = Database::open(&config::Database { url: url.clone() }).await.unwrap();
        Self { database, sql: sea_orm::Database::connect(url).await.unwrap(), folder }
    }

    /// A second way to the same database, which can be closed without the first.
    pub async fn again(&self) -> Database {
        Database::open(&config::Database { url: url(self.folder.path()) }).await.unwrap()
    }
}
