//! A broker that cannot start says why and what to do, exits with 1, and changes nothing.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;

use crate::support::broker::resource;
use crate::support::process::{Served, callsign};

const FREE_PORT: &str = "[http]\nlisten = \"127.0.0.1:0\"\n[database]\n\
                         url = \"sqlite://callsign.db?mode=rwc\"\n";

fn folder(toml: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), toml).unwrap();
    folder
}

/// A folder in which a broker has served before.
fn served_before() -> TempDir {
    let folder = folder(FREE_PORT);
    let served = Served::start(folder.path(), &["-c", "a.toml"]);
    served.signal(Signal::TERM);
    assert!(served.wait());
    folder
}

/// Every file with its content.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|path| (path.display().to_string(), fs::read(path).unwrap_or_default()))
        .collect();
    files.sort();
    files
}

/// A folder in which this has since been refused by the database itself.
async fn served_before_and_broken(refused: &str) -> TempDir {
    let folder = served_before();
    let trigger = format!(
        "CREATE TRIGGER broken BEFORE INSERT ON {refused} BEGIN SELECT RAISE(ABORT, 'no'); END"
    );
    change(&folder, &trigger).await;
    folder
}

async fn change(folder: &TempDir, statement: &str) {
    let path = folder.path().join("callsign.db");
    let sql = sea_orm::Database::connect(format!("sqlite://{}", path.display())).await.unwrap();
    sql.execute_unprepared(statement).await.unwrap();
    sql.close().await.unwrap();
}

fn names(files: &[(String, Vec<u8>)]) -> Vec<&str> {
    files.iter().map(|(name, _)| name.as_str()).collect()
}

/// Holds a start in this folder to fail, with all of this said and nothing changed.
#[track_caller]
fn assert_refuses(folder: &TempDir, said: &[&str]) {
    let before = content(folder.path());
    assert_fails(folder, said);
    let after = content(folder.path());
    assert_eq!(names(&before), names(&after));
    assert!(before == after, "a file was changed");
}

/// Holds a start in this folder to fail, with all of this said.
#[track_caller]
fn assert_fails(folder: &TempDir, said: &[&str]) {
    let output = callsign(folder.path(), &["serve", "-c", "a.toml"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for text in said {
        assert!(told.contains(text), "{text}\n{told}");
    }
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn a_database_in_a_folder_that_is_not_there() {
    let folder = folder(
        "database.url = \"sqlite://nowhere/callsign.db?mode=rwc\"\n\
                         http.listen = \"127.0.0.1:0\"\n",
    );
    assert_refuses(&folder, &["nowhere/callsign.db", "[database] url"]);
}

#[test]
fn a_database_that_is_no_database() {
    let folder = folder(FREE_PORT);
    fs::write(folder.path().join("callsign.db"), "this is a letter to my mother\n").unwrap();
    assert_refuses(&folder, &["callsign.db"]);
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = folder(&format!("http.listen = {address:?}\n"));
    assert_refuses(&folder, &[&address, "[http] listen", "CALLSIGN_HTTP__LISTEN"]);
}

#[test]
fn a_trust_file_that_is_not_there_or_holds_no_key() {
    let toml = FREE_PORT.to_owned() + "[identity.aws]\ntrust = [\"keys.toml\"]\n";
    let folder = folder(&toml);
    assert_refuses(&folder, &["keys.toml"]);
    fs::write(folder.path().join("keys.toml"), "[[key]]\nregion = \"us-east-1\"\n").unwrap();
    assert_refuses(&folder, &["keys.toml"]);
}

#[test]
fn a_sealing_key_that_does_not_fit_the_database() {
    let folder = served_before();
    let file = folder.path().join("callsign.db.sealing-key");
    fs::write(&file, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    assert_refuses(&folder, &["does not open", "[token] sealing_key_file", "CALLSIGN_SEALING_KEY"]);
}

#[test]
fn a_sealing_key_that_is_gone_is_not_replaced_by_a_new_one() {
    let folder = served_before();
    fs::remove_file(folder.path().join("callsign.db.sealing-key")).unwrap();
    assert_refuses(&folder, &["callsign.db.sealing-key", "missing", "Put the file back"]);
}

#[test]
fn a_sealing_key_that_others_may_read() {
    let folder = served_before();
    let file = folder.path().join("callsign.db.sealing-key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_refuses(&folder, &["may be read by others", "chmod 600"]);
}

#[actix::test]
async fn a_database_newer_than_the_program() {
    let folder = served_before();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2999_future', 0)";
    change(&folder, newer).await;
    assert_refuses(&folder, &["newer than this callsign", "m2999_future", "newer callsign"]);
}

#[actix::test]
async fn a_start_that_cannot_be_recorded() {
    let folder = served_before_and_broken("auth_event").await;
    assert_refuses(&folder, &["the start could not be recorded"]);
}

#[actix::test]
async fn a_resource_that_cannot_be_registered() {
    let folder = served_before_and_broken("resource").await;
    let declared = resource("i-1", &["main"]);
    fs::write(folder.path().join("a.toml"), FREE_PORT.to_owned() + &declared).unwrap();
    let before = content(folder.path());
    assert_fails(&folder, &["the resources of the configuration could not be registered"]);
    // That it was started is on record; nothing lies about.
    assert_eq!(names(&before), names(&content(folder.path())));
}
