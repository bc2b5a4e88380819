//! How is a change of a registration told? In a few words behind the machine.

use crate::directory::preview::ChangeKind;

/// What the change is about.
pub(super) fn describe(kind: &ChangeKind) -> String {
    match kind {
        ChangeKind::Add { agents } => format!("agents {}", some(agents)),
        ChangeKind::Replace { from, to, agents } => {
            format!("generation {from:?} becomes {to:?}, agents {}", some(agents))
        }
        ChangeKind::Adjust(change) => {
            let added: Vec<&str> = change.add.iter().map(|agent| agent.name.as_str()).collect();
            let retired: Vec<&str> =
                change.retire.iter().map(|agent| agent.name.as_str()).collect();
            let parts = [
                (!added.is_empty()).then(|| format!("new agents {}", some(&added))),
                (!retired.is_empty()).then(|| format!("without agents {}", some(&retired))),
                (!change.properties.is_empty())
                    .then(|| format!("another {}", change.properties.join(", "))),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
        }
        ChangeKind::Retire => "left the configuration".to_owned(),
        ChangeKind::Keep { owner } => {
            format!("stays as it is: registered by the {}, not by a file", owner.as_str())
        }
    }
}

/// The first few names: a line is for reading.
pub(super) fn some<T: ToString>(names: &[T]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = names.iter().take(SHOWN).map(T::to_string).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
