//! Does a database that is in use live through each step of the schema with all it holds? On
//! SQLite, where a step may have to build a table anew; PostgreSQL alters its tables in place.

use callsign::config;
use callsign::database::Database;
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectOptions, ConnectionTrait as _, DatabaseConnection};
use tempfile::TempDir;

use crate::support::database::texts;

/// A database after the first `steps` migrations, with the settings that brokers use.
async fn database_after(steps: u32, folder: &TempDir) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url(folder));
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.foreign_keys(true)).max_connections(1);
    let connection = sea_orm::Database::connect(options).await.unwrap();
    Migrator::up(&connection, Some(steps)).await.unwrap();
    connection
}

fn url(folder: &TempDir) -> String {
    format!("sqlite://{}?mode=rwc", folder.path().join("callsign.db").display())
}

/// A database of the first step, in use.
async fn filled(folder: &TempDir) -> DatabaseConnection {
    let first = database_after(1, folder).await;
    first.execute_unprepared(FILLED).await.unwrap();
    first
}

async fn upgraded(folder: &TempDir) -> DatabaseConnection {
    Database::open(&config::Database { url: url(folder) }).await.unwrap().close().await.unwrap();
    database_after(u32::MAX, folder).await
}

const FILLED: &str = "
    INSERT INTO resource (id, provider, instance_id, account, name, generation, labels, origin, created_at, retired_at) VALUES
        ('00000000-0000-0000-0000-000000000001', 'aws', 'i-1', '', 'a', '1', '{}', 'file', '2026-11-24T00:00:00+00:00', '2026-11-24T01:00:00+00:00'),
        ('00000000-0000-0000-0000-000000000002', 'aws', 'i-1', '', 'a', '2', '{\"team\":\"build\"}', 'file', '2026-11-24T01:00:00+00:00', NULL),
        ('00000000-0000-0000-0000-000000000003', 'aws', 'i-2', '42', 'b', '', '{}', 'api', '2026-11-24T02:00:00+00:00', NULL);
    INSERT INTO agent (id, resource_id, parent_id, name, last_seen_at, created_at, retired_at) VALUES
        ('00000000-0000-0000-0000-000000000004', '00000000-0000-0000-0000-000000000002', NULL, 'main', NULL, '2026-11-24T01:00:00+00:00', NULL),
        ('00000000-0000-0000-0000-000000000005', '00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000004', 'sub', NULL, '2026-11-24T01:00:00+00:00', NULL),
        ('00000000-0000-0000-0000-000000000007', '00000000-0000-0000-0000-000000000001', NULL, 'main', NULL, '2026-11-24T00:00:00+00:00', '2026-11-24T01:00:00+00:00');
    INSERT INTO signing_key (id, sealed_key, created_at, retired_at) VALUES ('kid', x'01', '2026-11-24T00:00:00+00:00', NULL);
    INSERT INTO issued_token (id, agent_id, key_id, proof_kind, issued_at, expires_at, revoked_at) VALUES
        ('00000000-0000-0000-0000-000000000006', '00000000-0000-0000-0000-000000000004', 'kid', 'aws:rsa2048', '2026-11-24T01:00:00+00:00', '2026-11-24T02:00:00+00:00', NULL),
        ('00000000-0000-0000-0000-000000000008', '00000000-0000-0000-0000-000000000007', 'kid', 'aws:rsa2048', '2026-11-24T00:30:00+00:00', '2026-11-24T01:30:00+00:00', '2026-11-24T01:00:00+00:00');";

/// Every row of what was there before, in the columns that there were.
async fn contents(connection: &DatabaseConnection) -> Vec<Vec<String>> {
    let queries = [
        "SELECT id || provider || instance_id || account || name || generation || labels || origin || created_at || coalesce(retired_at, '') FROM resource ORDER BY id",
        "SELECT id || resource_id || coalesce(parent_id, '') || name || created_at FROM agent ORDER BY id",
        "SELECT id || agent_id || key_id || issued_at || expires_at FROM issued_token ORDER BY id",
    ];
    let mut contents = Vec::new();
    for query in queries {
        contents.push(texts(connection, query).await);
    }
    contents
}

#[actix::test]
async fn a_filled_database_keeps_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let first = filled(&folder).await;
    let before = contents(&first).await;
    assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 2]);
    first.close().await.unwrap();

    let upgraded = upgraded(&folder).await;
    assert_eq!(contents(&upgraded).await, before);
    assert_eq!(texts(&upgraded, "PRAGMA integrity_check").await, ["ok"]);
    assert!(texts(&upgraded, "SELECT \"table\" FROM pragma_foreign_key_check").await.is_empty());
}

#[actix::test]
async fn after_the_upgrade_logins_find_what_was_live_before_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    filled(&folder).await.close().await.unwrap();
    let upgraded = upgraded(&folder).await;
    let candidates = "SELECT instance_id || ' ' || resource_name || ' ' || account || ' ' || agent_name || ' ' \
                      || coalesce(agent_id, '-') FROM candidate ORDER BY 1";
    let expected = ["i-1 a  main 00000000-0000-0000-0000-000000000004", "i-2 b 42  -"];
    assert_eq!(texts(&upgraded, candidates).await, expected);
}

/// How many steps the one of this name is back.
fn steps_back_to(name: &str) -> u32 {
    let steps = Migrator::migrations();
    steps.iter().rev().zip(1..).find(|(step, _)| step.name() == name).unwrap().1
}

/// The records of tokens whose agent is gone are the one loss.
#[actix::test]
async fn to_take_the_steps_back_loses_what_nobody_has_any_more() {
    let folder = tempfile::tempdir().unwrap();
    filled(&folder).await.close().await.unwrap();
    let upgraded = upgraded(&folder).await;
    let stray = "INSERT INTO issued_token SELECT '00000000-0000-0000-0000-000000000009', \
                 '00000000-0000-0000-0000-00000000000a', key_id, proof_kind, issued_at, expires_at \
                 FROM issued_token LIMIT 1";
    let before = contents(&upgraded).await;
    upgraded.execute_unprepared(stray).await.unwrap();
    let steps = steps_back_to("m20261128_000002_token_records");
    Migrator::down(&upgraded, Some(steps)).await.unwrap();
    assert_eq!(contents(&upgraded).await, before);
    let revoked = "SELECT revoked_at FROM issued_token WHERE revoked_at IS NOT NULL";
    assert_eq!(texts(&upgraded, revoked).await, ["2026-11-24T01:00:00+00:00"]);
    assert!(texts(&upgraded, "SELECT \"table\" FROM pragma_foreign_key_check").await.is_empty());
}

#[actix::test]
async fn after_the_upgrade_a_third_origin_is_known_and_no_fourth() {
    let folder = tempfile::tempdir().unwrap();
    filled(&folder).await.close().await.unwrap();
    let upgraded = upgraded(&folder).await;
    let turn_into = async |origin: &str| {
        let sql = format!("UPDATE resource SET origin = '{origin}' WHERE instance_id = 'i-2'");
        upgraded.execute_unprepared(&sql).await
    };
    for origin in ["enrolment", "file", "api"] {
        turn_into(origin).await.unwrap();
    }
    assert!(turn_into("moon").await.unwrap_err().to_string().contains("CHECK"));
}

#[actix::test]
async fn after_the_upgrade_the_schema_still_allows_one_live_resource_an_instance() {
    let folder = tempfile::tempdir().unwrap();
    filled(&folder).await.close().await.unwrap();
    let upgraded = upgraded(&folder).await;
    let revived = "UPDATE resource SET retired_at = NULL WHERE instance_id = 'i-1'";
    let refused = upgraded.execute_unprepared(revived).await.unwrap_err();
    assert!(refused.to_string().contains("UNIQUE"), "{refused}");
    // And an agent still needs its resource.
    let orphan = "UPDATE agent SET resource_id = '00000000-0000-0000-0000-000000000009'";
    let refused = upgraded.execute_unprepared(orphan).await.unwrap_err();
    assert!(refused.to_string().contains("FOREIGN KEY"), "{refused}");
}
