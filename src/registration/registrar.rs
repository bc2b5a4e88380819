//! Who registers? The configuration, or an operator by name; and whose is a registration then?

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a registration came from. It says who may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// From a `[[resource]]` of the configuration.
    File,
    /// From an operator, by the API.
    Api,
}

impl Origin {
    /// Its word, in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::File => "file",
            Origin::Api => "api",
        }
    }

    /// The origin of this word, if it is one.
    pub fn find(word: &str) -> Option<Self> {
        [Origin::File, Origin::Api].into_iter().find(|origin| origin.as_str() == word)
    }
}

/// Who makes a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registrar {
    /// The configuration of the broker.
    File,
    /// An operator, by the name that the configuration gives it.
    Operator(String),
}

impl Registrar {
    /// What a registration by this one comes from.
    pub const fn origin(&self) -> Origin {
        match self {
            Registrar::File => Origin::File,
            Registrar::Operator(_) => Origin::Api,
        }
    }

    /// Whether this one may change a registration of that origin. Files and operators keep out of
    /// each other's way: what one declares, the other would undo.
    pub fn may_change(&self, origin: Origin) -> bool {
        self.origin() == origin
    }
}

/// As the audit log names it.
impl fmt::Display for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Registrar::File => f.write_str("file"),
            Registrar::Operator(name) => write!(f, "operator:{name}"),
        }
    }
}
