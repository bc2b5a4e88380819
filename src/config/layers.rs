//! How does a configuration come about? Defaults, files and environment, checked, laid upon each
//! other, and read section by section. The whole way stands in [`Config::parse`].
//!
//! Knows the order of the steps, and no key.

use std::path::{Path, PathBuf};

use crate::registration::{EnrolmentRule, ResourceSpec};

use super::database::Database;
use super::enrolment;
use super::environment;
use super::http::Http;
use super::identity::Identity;
use super::limits::Limits;
use super::log::Log;
use super::operator::Operator;
use super::problem::{ConfigErrors, Origin, Problems};
use super::reader::Section;
use super::resource;
use super::retention::Retention;
use super::schema::{self, DEFAULTS, Fields, Shape};
use super::show::{Effective, Origins, Show, origins};
use super::token::Token;
use super::tree::{self, Entries, Node, Value};

/// Everything that the broker is told, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `[http]`.
    pub http: Http,
    /// `[database]`.
    pub database: Database,
    /// `[token]`.
    pub token: Token,
    /// `[identity]`.
    pub identity: Identity,
    /// `[limits]`.
    pub limits: Limits,
    /// `[retention]`.
    pub retention: Retention,
    /// `[log]`.
    pub log: Log,
    /// Every `[[operator]]`.
    pub operators: Vec<Operator>,
    /// Every `[[resource]]`.
    pub resources: Vec<ResourceSpec>,
    /// Every `[[enrolment]]`, in their order: the first that matches decides.
    pub enrolment: Vec<EnrolmentRule>,
    origins: Origins,
}

impl Config {
    /// Reads the files and builds the configuration: built-in defaults, then each file, then the
    /// `CALLSIGN_` variables of `env`; later wins. `env` may hold any other variables too.
    ///
    /// # Errors
    /// Everything that is wrong at once, a file that cannot be read included.
    pub fn load(
        files: &[PathBuf],
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let problems = Problems::default();
        let read = |path: &PathBuf| match std::fs::read_to_string(path) {
            Ok(text) => Some((path.clone(), text)),
            Err(error) => {
                let origin = Origin::File { path: Path::new(path).into(), line: None };
                problems.push(&origin, "", format!("cannot be read: {error}"));
                None
            }
        };
        let texts: Vec<(PathBuf, String)> = files.iter().filter_map(read).collect();
        let texts = texts.iter().map(|(path, text)| (path.as_path(), text.as_str()));
        Self::build(texts, env, problems)
    }

    /// The same from the files' texts, each with the path that it is known by: no file is touched.
    ///
    /// # Errors
    /// Everything that is wrong at once.
    pub fn parse<'t>(
        files: impl IntoIterator<Item = (&'t Path, &'t str)>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        Self::build(files, env, Problems::default())
    }

    fn build<'t>(
        files: impl IntoIterator<Item = (&'t Path, &'t str)>,
        env: impl IntoIterator<Item = (String, String)>,
        problems: Problems,
    ) -> Result<Self, ConfigErrors> {
        let fields = schema::schema(&problems);
        let mut merged = with_lists(&fields, tree::parse(None, DEFAULTS, &problems));
        for (path, text) in files {
            let layer = tree::parse(Some(path), text, &problems);
            merge(&fields, &mut merged, schema::check(&fields, layer, "", &problems));
        }
        merge(&fields, &mut merged, environment::read(&fields, env, &problems));
        let config = Self::read(&merged, &problems);
        problems.conclude(config)
    }

    fn read(merged: &Entries, problems: &Problems) -> Option<Self> {
        let root = Section::root(merged, problems);
        let http = Http::read(root.section("http"));
        let public_url = http.as_ref().map_or("", |http| http.public_url.as_str());
        let database = Database::read(root.section("database"));
        let token = Token::read(root.section("token"), public_url, database.as_ref());
        let identity = Identity::read(root.section("identity"), public_url);
        let limits = Limits::read(root.section("limits"));
        let retention = Retention::read(root.section("retention"));
        let log = Log::read(root.section("log"));
        let operators = Operator::read_all(root);
        let resources = resource::read_all(root);
        let enrolment = enrolment::read_all(root);
        let mut from = Origins::new();
        origins("", merged, &mut from);
        Some(Self {
            http: http?,
            database: database?,
            token: token?,
            identity: identity?,
            limits: limits?,
            retention: retention?,
            log: log?,
            operators: operators?,
            resources: resources?,
            enrolment: enrolment?,
            origins: from,
        })
    }

    /// Every key with its value in effect and where it came from, for people: without secrets.
    pub fn effective(&self) -> Effective {
        let Self {
            http,
            database,
            token,
            identity,
            limits,
            retention,
            log,
            operators,
            resources,
            enrolment,
            origins,
        } = self;
        let mut show = Show::new(origins);
        http.show(&mut show);
        database.show(&mut show);
        token.show(&mut show);
        identity.show(&mut show);
        limits.show(&mut show);
        retention.show(&mut show);
        log.show(&mut show);
        for (index, operator) in operators.iter().enumerate() {
            operator.show(index, &mut show);
        }
        for (index, resource) in resources.iter().enumerate() {
            resource::show(resource, index, &mut show);
        }
        for (index, rule) in enrolment.iter().enumerate() {
            enrolment::show(rule, index, &mut show);
        }
        show.finish()
    }
}

/// The defaults with an empty list for each list of tables, for the layers to add to.
pub(super) fn with_lists(fields: &Fields, mut defaults: Entries) -> Entries {
    for (name, shape) in fields {
        if let Shape::Tables(_) = shape {
            let (value, origin) = (Value::List(Vec::new()), Origin::Default);
            defaults.insert(name.clone(), Node { value, origin });
        }
    }
    defaults
}

/// Lays a checked layer upon the ones below: sections key by key, lists of tables one behind the
/// other, and everything else replaced.
pub(super) fn merge(fields: &Fields, below: &mut Entries, above: Entries) {
    for (name, node) in above {
        let shape = fields.get(&name);
        match (shape, below.get_mut(&name).map(|node| &mut node.value), node.value) {
            (Some(Shape::Table(fields)), Some(Value::Table(below)), Value::Table(above)) => {
                merge(fields, below, above);
            }
            (Some(Shape::Tables(_)), Some(Value::List(below)), Value::List(above)) => {
                below.extend(above);
            }
            // A section that is none was reported; what is below it stays whole.
            (Some(Shape::Table(_) | Shape::Tables(_)), _, Value::Wrong) => {}
            (_, _, value) => {
                let origin = node.origin;
                below.insert(name, Node { value, origin });
            }
        }
    }
}
