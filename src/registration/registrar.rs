//! Who registers? The configuration, an operator by name, or a rule of enrolment; and whose is a
//! registration then?

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
    /// From an `[[enrolment]]` rule, at the machine's first login.
    Enrolment,
}

impl Origin {
    /// Its word, in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::File => "file",
            Origin::Api => "api",
            Origin::Enrolment => "enrolment",
        }
    }

    /// The origin of this word, if it is one.
    pub fn find(word: &str) -> Option<Self> {
        [Origin::File, Origin::Api, Origin::Enrolment]
            .into_iter()
            .find(|origin| origin.as_str() == word)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    /// each other's way: what one declares, the other would undo. What a rule enrolled is nobody's
    /// declaration, so operators may change and end it.
    pub fn may_change(&self, origin: Origin) -> bool {
        match self {
            Registrar::File => origin == Origin::File,
            Registrar::Operator(_) => matches!(origin, Origin::Api | Origin::Enrolment),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_keeps_to_its_own_and_operators_to_what_was_enrolled() {
        let operator = Registrar::Operator("ci".to_owned());
        for (registrar, origin, may) in [
            (&Registrar::File, Origin::File, true),
            (&Registrar::File, Origin::Api, false),
            (&Registrar::File, Origin::Enrolment, false),
            (&operator, Origin::File, false),
            (&operator, Origin::Api, true),
            (&operator, Origin::Enrolment, true),
        ] {
            assert_eq!(registrar.may_change(origin), may, "{registrar} {origin:?}");
        }
    }

    #[test]
    fn an_origin_is_found_by_its_word() {
        for origin in [Origin::File, Origin::Api, Origin::Enrolment] {
            assert_eq!(Origin::find(origin.as_str()), Some(origin));
        }
        assert_eq!(Origin::find("File"), None);
    }
}
