//! Where is everything kept? `[database]`.
//!
//! Holds a password perhaps: whatever prints a URL from here prints [`Database::redacted_url`].

use std::fmt;
use std::path::{Path, PathBuf};

use super::percent::{decode, encode, is_plain};
use super::problem::Origin;
use super::reader::Section;
use super::show::Show;
use super::url::host;

const RULE: &str =
    "allowed is sqlite://FILE, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/NAME";
const ENCODE: &str =
    "other characters than A-Z a-z 0-9 . _ ~ / + - are written as %20 and the like";

/// `[database]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    /// A well-formed URL of SQLite or PostgreSQL, password and all; a relative SQLite path in it
    /// is relative to the working directory by now.
    pub url: String,
}

impl Database {
    pub(super) fn read(section: Section<'_>) -> Option<Self> {
        let url = section.parse_secret("url", |text| format!("{:?}", redact(text)), parse);
        Some(Self { url: url? })
    }

    pub(super) fn show(&self, show: &mut Show<'_>) {
        show.section("database");
        show.text("url", self.redacted_url());
    }

    /// The URL for people: the password is hidden.
    pub fn redacted_url(&self) -> String {
        redact(&self.url)
    }

    /// Whether it is an SQLite database, in a file or in memory.
    pub fn is_sqlite(&self) -> bool {
        sqlite_parts(&self.url).is_some()
    }

    /// The file of an SQLite database; none for one in memory and for PostgreSQL.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let (path, query) = sqlite_parts(&self.url)?;
        let in_memory = is_in_memory(path) || query.contains("mode=memory");
        (!in_memory).then(|| PathBuf::from(decode(path)))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.redacted_url())
    }
}

/// A URL that the database driver cannot stumble over: it panics over one that it cannot parse.
fn parse(text: &str, origin: &Origin) -> Result<String, &'static str> {
    if let Some((path, query)) = sqlite_parts(text) {
        return match is_in_memory(path) {
            // With two slashes the colon would begin a port, and the driver panics.
            true => Ok(format!("sqlite::memory:{query}")),
            false => sqlite(path, query, origin),
        };
    }
    let after = text
        .strip_prefix("postgres://")
        .or_else(|| text.strip_prefix("postgresql://"))
        .ok_or(RULE)?;
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let authority = after.get(..end).ok_or(RULE)?;
    // Without user and host it is a local socket, which the query may name.
    let host_is_fine = match authority.rsplit_once('@') {
        Some((_user, authority)) => host(authority).is_some(),
        None => authority.is_empty() || host(authority).is_some(),
    };
    let plain = text.chars().all(|c| c.is_ascii_graphic());
    if host_is_fine && plain { Ok(text.to_owned()) } else { Err(RULE) }
}

fn sqlite(path: &str, query: &str, origin: &Origin) -> Result<String, &'static str> {
    if path.is_empty() || !query.chars().all(|c| c.is_ascii_graphic()) {
        return Err(RULE);
    }
    if !path.bytes().all(|byte| is_plain(byte) || byte == b'%') {
        return Err(ENCODE);
    }
    // Only the folder is ours to encode: the path is encoded already.
    let folder = origin.resolve("");
    let path = match Path::new(path).is_absolute() || folder.as_os_str().is_empty() {
        true => path.to_owned(),
        false => format!("{}/{path}", encode(&folder).trim_end_matches('/')),
    };
    Ok(format!("sqlite://{path}{query}"))
}

/// Path and query (with its question mark) of an SQLite URL, divided as its driver divides them.
fn sqlite_parts(url: &str) -> Option<(&str, &str)> {
    let after = url.strip_prefix("sqlite:")?;
    let after = after.strip_prefix("//").unwrap_or(after);
    let end = after.find('?').unwrap_or(after.len());
    after.split_at_checked(end)
}

fn is_in_memory(path: &str) -> bool {
    path == ":memory:"
}

/// Hides what stands between the first colon of the authority and the last `@` of the whole, and
/// passwords in the query: where a password holds an unencoded `@` or `/`, rather too much than too
/// little.
fn redact(url: &str) -> String {
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let shown = match url.split_once("://").zip(url.rfind('@')) {
        Some(((scheme, after), at)) => {
            let host = url.get(at..).unwrap_or_default();
            let user = after.split([':', '@']).next().unwrap_or_default();
            format!("{scheme}://{user}:***{host}")
        }
        None => url.to_owned(),
    };
    let hide = |pair: &str| match pair.split_once('=') {
        Some((key, _)) if key.contains("password") => format!("{key}=***"),
        _ => pair.to_owned(),
    };
    let query: Vec<String> = query.split('&').filter(|pair| !pair.is_empty()).map(hide).collect();
    match query.is_empty() {
        true => shown,
        false => format!("{shown}?{}", query.join("&")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_that_the_driver_can_read() {
        let file = |path: &str| Origin::File { path: Path::new(path).into(), line: Some(1) };
        for (path, text, expected) in [
            ("a.toml", "sqlite://c.db?mode=rwc", Some("sqlite://c.db?mode=rwc")),
            ("/etc/a.toml", "sqlite://c.db?mode=rwc", Some("sqlite:///etc/c.db?mode=rwc")),
            ("/etc/a b/a.toml", "sqlite:c.db", Some("sqlite:///etc/a%20b/c.db")),
            ("conf/a.toml", "sqlite://../c.db", Some("sqlite://conf/../c.db")),
            ("/a.toml", "sqlite://c.db", Some("sqlite:///c.db")),
            ("/etc/a.toml", "sqlite:///var/c.db", Some("sqlite:///var/c.db")),
            ("/etc/a.toml", "sqlite::memory:", Some("sqlite::memory:")),
            (
                "a.toml",
                "postgres://u:p@h:5432/d?sslmode=require",
                Some("postgres://u:p@h:5432/d?sslmode=require"),
            ),
            (
                "a.toml",
                "postgresql:///d?host=/run/postgresql",
                Some("postgresql:///d?host=/run/postgresql"),
            ),
            ("a.toml", "", None),
            ("a.toml", "sqlite://:memory:", Some("sqlite::memory:")),
            ("a.toml", "sqlite://", None),
            ("a.toml", "sqlite://my file.db", None),
            ("a.toml", "sqlite://c.db?mode=r wc", None),
            ("a.toml", "postgres://h:port/d", None),
            ("a.toml", "postgres://u:a/b@h/d", None),
            ("a.toml", "postgres://u:a b@h/d", None),
            ("a.toml", "postgres://u:p@/d", None),
            ("a.toml", "mysql://h/d", None),
        ] {
            assert_eq!(parse(text, &file(path)).ok().as_deref(), expected, "{path} {text}");
        }
    }

    #[test]
    fn passwords_are_hidden() {
        for (url, expected) in [
            ("sqlite://c.db?mode=rwc", "sqlite://c.db?mode=rwc"),
            ("postgres://h/d", "postgres://h/d"),
            ("postgres://u@h/d", "postgres://u:***@h/d"),
            ("postgres://u:p@h/d?a=b", "postgres://u:***@h/d?a=b"),
            ("postgres://u:p@q/r@h/d", "postgres://u:***@h/d"),
            ("postgres://h/d?user=u&password=p&a=b", "postgres://h/d?user=u&password=***&a=b"),
        ] {
            assert_eq!(redact(url), expected);
        }
    }

    #[test]
    fn only_sqlite_on_disk_has_a_file() {
        for (url, expected) in [
            ("sqlite://c.db?mode=rwc", Some("c.db")),
            ("sqlite:///var/a%20b.db", Some("/var/a b.db")),
            ("sqlite::memory:", None),
            ("sqlite://c.db?mode=memory", None),
            ("postgres://h/d", None),
        ] {
            let database = Database { url: url.to_owned() };
            assert_eq!(database.sqlite_file(), expected.map(PathBuf::from), "{url}");
        }
    }
}
