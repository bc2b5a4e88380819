//! What is an existing agent client told? The same verdicts as on the native routes, in the words
//! that these clients know.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::http::problem::Problem;
use crate::names::Provider;
use crate::wire::{CompatError, CompatValidation};

/// A problem in the form of the compatible routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct CompatProblem {
    provider: Provider,
    problem: Problem,
}

impl CompatProblem {
    /// The same problem, for a client of this provider's route.
    pub(in crate::http) fn new(provider: Provider, problem: Problem) -> Self {
        Self { provider, problem }
    }

    /// The problem that is told in these clients' words.
    pub(in crate::http) fn problem(&self) -> &Problem {
        &self.problem
    }

    fn body(&self) -> CompatError {
        let problem = self.problem.body();
        CompatError {
            message: self.message(),
            detail: problem.detail.clone(),
            validations: self.problem.blamed().iter().map(|field| self.validation(field)).collect(),
        }
    }

    /// Byte for byte what these clients know.
    fn message(&self) -> String {
        let problem = self.problem.body();
        let instance_id = problem.instance_id.as_deref().unwrap_or_default();
        match problem.code.as_str() {
            "identity-rejected" => format!("Invalid {} identity.", self.cloud()),
            "instance-unknown" | "instance-retired" => {
                format!("Instance with id \"{instance_id}\" not found.")
            }
            "agent-unknown" => {
                let name = problem.agent_name.as_deref().unwrap_or_default();
                format!("No agent found with instance ID \"{instance_id}\" and name \"{name}\".")
            }
            "agent-ambiguous" => {
                let names = problem.agents.as_deref().unwrap_or_default().join(", ");
                format!(
                    "Multiple agents found with instance ID \"{instance_id}\". Set \
                     CODER_AGENT_NAME to one of: {names}"
                )
            }
            "malformed-request" if problem.field.is_some() => "Validation failed.".to_owned(),
            "malformed-request" => "Request body must be valid JSON.".to_owned(),
            _ => format!("{}.", problem.title),
        }
    }

    fn cloud(&self) -> &'static str {
        match self.provider {
            Provider::Aws => "AWS",
            Provider::Azure => "Azure",
            Provider::Google => "GCP",
        }
    }

    fn validation(&self, field: &str) -> CompatValidation {
        let detail = self.problem.body().detail.clone();
        CompatValidation { field: field.to_owned(), detail }
    }
}

impl fmt::Display for CompatProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for CompatProblem {
    fn status_code(&self) -> StatusCode {
        match self.problem.status() {
            // These clients know no 410.
            StatusCode::GONE => StatusCode::NOT_FOUND,
            status => status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        self.problem.head(self.status_code()).json(self.body())
    }
}
