//! Which sub-agent does a root agent mean? The one of that name among its live ones, exactly.

use uuid::Uuid;

/// A live sub-agent. Only [`select`] makes one, from its parent's live sub-agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubAgent {
    id: Uuid,
    name: String,
    parent_id: Uuid,
}

impl SubAgent {
    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The root agent that it belongs to.
    pub fn parent_id(&self) -> Uuid {
        self.parent_id
    }
}

/// Selects by name, with regard to case, among the live sub-agents (id and name) of a parent.
///
/// # Errors
/// The names that would succeed, sorted.
pub fn select(
    parent_id: Uuid,
    live: Vec<(Uuid, String)>,
    name: &str,
) -> Result<SubAgent, Vec<String>> {
    match live.iter().find(|(_, known)| known == name) {
        Some((id, name)) => Ok(SubAgent { id: *id, name: name.clone(), parent_id }),
        None => {
            let mut names: Vec<String> = live.into_iter().map(|(_, name)| name).collect();
            names.sort_unstable();
            Err(names)
        }
    }
}
