//! Do imports point one way, and is what a room must not know absent from it? ARCHITECTURE.md says
//! so; this holds it, by reading the source.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every room, in the order of ARCHITECTURE.md: each may know those before it, and no other.
const ROOMS: [&str; 25] = [
    "names",
    "clock",
    "duration",
    "tls",
    "mailbox",
    "metrics",
    "wire",
    "fetching",
    "verify",
    "registration",
    "config",
    "database",
    "telemetry",
    "identity",
    "event",
    "directory",
    "token",
    "retention",
    "broker",
    "http",
    "service",
    "client",
    "sidecar",
    "emulator",
    "cli",
];

/// Rooms that know less than their place in the order allows, and all that they may know.
const NARROW: [(&str, &[&str]); 12] = [
    ("names", &[]),
    ("clock", &[]),
    ("tls", &[]),
    ("mailbox", &[]),
    ("wire", &["names"]),
    ("fetching", &["tls"]),
    ("verify", &["names", "clock", "fetching"]),
    ("identity", &["names", "clock", "fetching", "mailbox"]),
    ("event", &["names", "clock", "mailbox", "metrics", "database"]),
    ("client", &["names", "clock", "tls", "wire"]),
    ("sidecar", &["names", "clock", "wire", "client"]),
    ("emulator", &["names", "clock"]),
];

/// A file of `src/`: its path there, its room, and its lines without comments.
struct Source {
    path: String,
    room: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    read(&root, &root, &mut sources);
    assert!(sources.len() > 50, "only {} files in {}", sources.len(), root.display());
    sources
}

fn read(root: &Path, folder: &Path, into: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, into);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let room = path.split(['/', '.']).next().unwrap().to_owned();
            let code: Vec<&str> =
                text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            into.push(Source { path, room, code: code.join("\n") });
        }
    }
}

impl Source {
    /// The rooms that this file names.
    fn known_rooms(&self) -> BTreeSet<String> {
        let after = self.code.split("crate::").skip(1);
        let heads = after.flat_map(|rest| match rest.strip_prefix('{') {
            Some(group) => group_heads(group),
            None => vec![word(rest)],
        });
        heads.map(str::to_owned).filter(|room| *room != self.room).collect()
    }

    /// Whether a path of the code begins with this crate.
    fn uses(&self, krate: &str) -> bool {
        let path = format!("{krate}::");
        self.code.match_indices(&path).any(|(at, _)| {
            let before = self.code[..at].chars().next_back().unwrap_or(' ');
            !(before.is_alphanumeric() || before == '_' || before == ':')
        })
    }
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// The first words of `a::b, c, d::{e, f}}…`.
fn group_heads(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut heads) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.push(word(group[from..at].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(word(group[from..at].trim_start()));
                from = at + 1;
            }
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

/// The files that use one of these crates and are not among those that may.
fn strangers(krates: &[&str], may: impl Fn(&Source) -> bool) -> Vec<String> {
    let found: Vec<Source> = sources()
        .into_iter()
        .filter(|source| krates.iter().any(|krate| source.uses(krate)))
        .collect();
    assert!(!found.is_empty(), "nothing uses {krates:?}: the rule looks for the wrong thing");
    found.iter().filter(|source| !may(source)).map(|source| source.path.clone()).collect()
}

#[track_caller]
fn assert_none(paths: &[String]) {
    assert!(paths.is_empty(), "{}", paths.join("\n"));
}

#[test]
fn imports_point_one_way() {
    let place = |room: &str| {
        let place = ROOMS.iter().position(|known| *known == room);
        place.unwrap_or_else(|| panic!("the room {room} has no place in the order: give it one"))
    };
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !["main", "lib"].contains(&&*source.room)) {
        for other in source.known_rooms() {
            if place(&other) > place(&source.room) {
                wrong.push(format!("{} knows {other}", source.path));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn narrow_rooms_know_what_they_need_and_no_more() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, may)) = NARROW.iter().find(|(room, _)| *room == source.room) else {
            continue;
        };
        for other in source.known_rooms() {
            if !may.contains(&other.as_str()) {
                wrong.push(format!("{} knows {other}", source.path));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_directory_sees_nothing_of_identity_but_the_verified_instance() {
    for source in sources().iter().filter(|source| source.room == "directory") {
        for rest in source.code.split("identity::").skip(1) {
            assert_eq!(word(rest), "VerifiedInstance", "{}", source.path);
        }
    }
}

#[test]
fn signatures_are_made_and_checked_in_four_rooms_only() {
    let crates = ["aws_lc_rs", "p256", "rcgen", "webpki", "x509_cert", "der", "spki"];
    let rooms = ["verify", "identity", "token", "emulator"];
    assert_none(&strangers(&crates, |source| rooms.contains(&&*source.room)));
}

#[test]
fn http_is_known_at_the_front_door_the_emulator_and_the_composition_only() {
    let rooms = ["http", "emulator", "service", "main"];
    assert_none(&strangers(&["actix_web"], |source| rooms.contains(&&*source.room)));
}

#[test]
fn tables_are_known_to_stores_the_recorder_and_the_database_only() {
    let may = |source: &Source| {
        let name = source.path.rsplit('/').next().unwrap();
        name.starts_with("store")
            || source.path.contains("/store/")
            || ["database.rs", "event/actor.rs"].contains(&source.path.as_str())
            || source.room == "database"
    };
    assert_none(&strangers(&["sea_orm", "entity"], may));
}

#[test]
fn candidates_are_read_by_the_directory_and_written_by_the_schema_only() {
    let uses = |source: &Source| -> Vec<String> {
        let uses = source.code.split("candidate::").skip(1);
        uses.filter(|used| !used.starts_with("Column")).map(str::to_owned).collect()
    };
    let reads = |used: &String| used.starts_with("Entity>") || used.starts_with("Entity::find()");
    let sources = sources();
    let all: Vec<String> = sources.iter().flat_map(uses).collect();
    assert!(all.iter().any(|used| used.starts_with("Entity::find()")));
    assert!(all.iter().all(reads), "{all:?}");
    let mut readers = sources.iter().filter(|source| !uses(source).is_empty());
    assert!(readers.all(|source| source.path.starts_with("directory/store")));
}

#[test]
fn addresses_of_actors_never_leave_the_system() {
    let may = |source: &Source| {
        let name = source.path.rsplit('/').next().unwrap();
        ["actor.rs", "messages.rs"].contains(&name)
            || ["mailbox.rs", "broker/desk.rs", "broker/system.rs"].contains(&source.path.as_str())
    };
    // `actix::spawn` and `actix::test` are the runtime's, not an actor's.
    let found: Vec<String> = sources()
        .into_iter()
        .filter(|source| !may(source))
        .filter(|source| {
            let paths = source.code.split("actix::").skip(1);
            paths.map(word).any(|name| !["spawn", "test"].contains(&name))
        })
        .map(|source| source.path)
        .collect();
    assert_none(&found);
}

#[test]
fn what_the_lints_ban_is_banned_and_excused_where_the_ban_points_to() {
    let bans = include_str!("../clippy.toml");
    for banned in [
        "chrono::Utc::now",
        "std::time::SystemTime::now",
        "uuid::Uuid::now_v7",
        "actix::Addr::send",
        "actix::Addr::try_send",
        "actix::Addr::do_send",
        "actix::Recipient::send",
        "actix::Recipient::try_send",
        "actix::Recipient::do_send",
    ] {
        assert!(bans.contains(&format!("path = \"{banned}\"")), "{banned} is not banned");
    }
    let mut excused: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.code.contains("clippy::disallowed_methods"))
        .map(|source| source.path)
        .collect();
    excused.sort();
    assert_eq!(excused, ["clock.rs", "mailbox.rs"]);
}

#[test]
fn every_file_opens_with_the_question_that_it_answers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for source in sources() {
        let text = fs::read_to_string(root.join("src").join(&source.path)).unwrap();
        assert!(text.starts_with("//! "), "{}", source.path);
    }
}

#[test]
fn an_import_is_found_in_every_form() {
    let source =
        |code: &str| Source { path: String::new(), room: "http".to_owned(), code: code.to_owned() };
    let known = |code| source(code).known_rooms().into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(known("use crate::wire::Me;"), "wire");
    assert_eq!(known("use crate::{wire::{Me, Page}, names, http::x};"), "names wire");
    assert_eq!(known("let x = crate::token::mint(crate::clock::now());"), "clock token");
    assert!(source("use entity::agent;").uses("entity"));
    assert!(!source("rustls::crypto::aws_lc_rs::default_provider()").uses("aws_lc_rs"));
    assert!(!source("use my_entity::agent;").uses("entity"));
}
