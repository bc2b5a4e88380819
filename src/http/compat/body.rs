//! How is the body of an existing agent client read? Within the bounds of the native routes, and
//! with more patience: by no content type, and over members that it does not know.

use serde::de::DeserializeOwned;

use crate::http::body::begins_object;
use crate::http::problem::Problem;

/// Reads a JSON object.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if !begins_object(bytes) {
        return Err(Problem::malformed("The body is no JSON object."));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        Problem::malformed(format!("Not the expected JSON: line {}.", error.line()))
    })
}

/// The members that must be there; if some are missing or empty, all of these are blamed at once.
pub(super) fn required<'a, const N: usize>(
    members: [(&str, &'a Option<String>); N],
) -> Result<[&'a str; N], Problem> {
    let members = members.map(|(name, value)| (name, value.as_deref().unwrap_or_default()));
    let missing = members.iter().filter(|(_, value)| value.is_empty());
    let mut missing = missing.map(|(name, _)| *name).peekable();
    if missing.peek().is_none() {
        return Ok(members.map(|(_, value)| value));
    }
    let problem = Problem::malformed("Validation failed for tag \"required\" with value: \"\"");
    Err(missing.fold(problem, Problem::blaming))
}
