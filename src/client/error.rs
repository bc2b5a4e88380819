//! Why did a call get no good answer? The broker refused, is busy, is away, or is none.

use std::time::Duration;

use crate::wire::Problem;

/// Why a call got no good answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The broker said no, and why.
    #[error("{} ({}): {}", .0.title, .0.code, .0.detail)]
    Refused(Box<Problem>),
    /// The broker, or what stands before it, cannot answer now: nothing was decided.
    #[error("the broker at {url} cannot answer now: {reason}")]
    Later {
        /// Where it is.
        url: String,
        /// What it said.
        reason: String,
        /// When to come back, where it said so.
        retry_after: Option<Duration>,
    },
    /// No broker answered.
    #[error("the broker at {url} cannot be reached: {reason}")]
    Unreachable {
        /// Where it should be.
        url: String,
        /// What the library said.
        reason: String,
    },
    /// Something else answered.
    #[error("what answers at {url} (with {status}) is no callsign broker")]
    Foreign {
        /// Where it is.
        url: String,
        /// The status that it answered with.
        status: u16,
    },
}

impl ClientError {
    /// The broker's problem, where it answered with one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            ClientError::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    pub(super) fn unreachable(url: &str, error: &reqwest::Error) -> Self {
        // The outer text names the URL once more; the cause is what helps.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        Self::Unreachable { url: url.to_owned(), reason: cause.to_string() }
    }
}
