//! What does a failure mean for somebody who could wait?

use std::time::Duration;

use super::error::SidecarError;
use crate::client::ClientError;
use crate::wire::Problem;

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It passes by itself; the broker may have said when.
    Passing(Option<Duration>),
    /// The machine is not registered: not yet, or no longer.
    Unregistered,
    /// The machine has no such agent.
    NoSuchAgent,
    /// The token does not stand any more.
    TokenRefused,
    /// Somebody has to change something.
    Final,
}

/// What this failure means.
pub fn weigh(error: &SidecarError) -> Weight {
    match error {
        SidecarError::Metadata(error) if error.is_passing() => Weight::Passing(None),
        SidecarError::Metadata(_) | SidecarError::File(_) | SidecarError::Program(_) => {
            Weight::Final
        }
        SidecarError::Broker(ClientError::Refused(problem)) => weigh_problem(problem),
        SidecarError::Broker(ClientError::Later { retry_after, .. }) => {
            Weight::Passing(*retry_after)
        }
        SidecarError::Broker(ClientError::Unreachable { .. }) => Weight::Passing(None),
        SidecarError::Broker(ClientError::Foreign { status, .. }) if *status >= 500 => {
            Weight::Passing(None)
        }
        SidecarError::Broker(ClientError::Foreign { .. }) => Weight::Final,
    }
}

fn weigh_problem(problem: &Problem) -> Weight {
    match problem.code.as_str() {
        "instance-unknown" | "instance-retired" => Weight::Unregistered,
        "agent-unknown" => Weight::NoSuchAgent,
        "token-rejected" => Weight::TokenRefused,
        _ if problem.status >= 500 => Weight::Passing(None),
        _ => Weight::Final,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::metadata::{MetadataError, Trouble};
    use crate::names::Provider;

    #[test]
    fn each_refusal_of_the_broker_has_its_weight() {
        for (status, code, expected) in [
            (404, "instance-unknown", Weight::Unregistered),
            (410, "instance-retired", Weight::Unregistered),
            (404, "agent-unknown", Weight::NoSuchAgent),
            (404, "not-enabled", Weight::Final),
            (409, "agent-ambiguous", Weight::Final),
            (401, "identity-rejected", Weight::Final),
            (401, "token-rejected", Weight::TokenRefused),
            (403, "not-allowed", Weight::Final),
            (400, "malformed-request", Weight::Final),
            (500, "whatever", Weight::Passing(None)),
        ] {
            let problem = Problem { status, code: code.to_owned(), ..Problem::default() };
            let error = SidecarError::Broker(ClientError::Refused(Box::new(problem)));
            assert_eq!(weigh(&error), expected, "{code}");
        }
    }

    #[test]
    fn what_is_away_may_come_back_and_what_is_wrong_stays_wrong() {
        let url = "http://x".to_owned();
        let asked = Some(Duration::from_secs(7));
        let away = ClientError::Unreachable { url: url.clone(), reason: String::new() };
        let busy =
            ClientError::Later { url: url.clone(), reason: String::new(), retry_after: asked };
        let proxy = ClientError::Foreign { url: url.clone(), status: 502 };
        let page = ClientError::Foreign { url: url.clone(), status: 200 };
        for (error, expected) in [
            (away, Weight::Passing(None)),
            (busy, Weight::Passing(asked)),
            (proxy, Weight::Passing(None)),
            (page, Weight::Final),
        ] {
            assert_eq!(weigh(&SidecarError::Broker(error.clone())), expected, "{error}");
        }
        for (trouble, expected) in [
            (Trouble::Silent, Weight::Passing(None)),
            (Trouble::Unreachable(String::new()), Weight::Passing(None)),
            (Trouble::Disabled, Weight::Final),
            (Trouble::OtherCloud(Provider::Google), Weight::Final),
        ] {
            let error = MetadataError { provider: Provider::Aws, endpoint: url.clone(), trouble };
            assert_eq!(weigh(&SidecarError::Metadata(error.clone())), expected, "{error}");
        }
    }
}
