//! By which rules are machines enrolled now? One list for all directories of a broker, replaced as
//! a whole when the configuration is read again.

use std::sync::{Arc, PoisonError, RwLock};

use crate::registration::EnrolmentRule;

/// The rules in effect; clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Rules(Arc<RwLock<Arc<[EnrolmentRule]>>>);

impl Rules {
    /// The rules at this moment. They are asked for after a miss only.
    pub fn current(&self) -> Arc<[EnrolmentRule]> {
        // A writer that panicked has replaced the whole list or nothing of it.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// These rules from now on, and no others.
    pub fn replace(&self, rules: Vec<EnrolmentRule>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules.into();
    }
}
