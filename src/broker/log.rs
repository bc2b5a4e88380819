//! What does the operator read? One line for each decision, and its count: the bus' first
//! subscriber.

use std::time::Duration;

use crate::event::bus::{Heard, Subscription};
use crate::event::{AuthEvent, Happening};
use crate::metrics::{DRY_RUN, DRY_RUN_REFUSED, Metrics};

/// How long decisions gather. To be woken up for every single one costs as much as its line does.
const GATHER: Duration = Duration::from_millis(4);

/// Logs and counts what it hears, until the bus is gone: what came together at once, and what comes
/// after it a moment later.
pub async fn follow(mut subscription: Subscription, metrics: Metrics) {
    while let Some(heard) = subscription.next().await {
        match heard {
            Heard::Event(event) => tell(&event, &metrics),
            Heard::Missed(events) => {
                metrics.events_missed(events);
                tracing::warn!(events, "the decision log was too slow; the audit log has them all");
            }
        }
        if subscription.is_up_to_date() {
            tokio::time::sleep(GATHER).await;
        }
    }
}

fn tell(event: &AuthEvent, metrics: &Metrics) {
    let request_id = event.request_id.as_deref();
    match &event.what {
        Happening::BrokerStarted { version } => tracing::info!(version, "broker started"),
        Happening::LoginGranted(granted) => {
            metrics.login(granted.provider, granted.proof_kind, "granted");
            tracing::info!(
                request_id,
                provider = granted.provider.as_str(),
                proof = granted.proof_kind,
                instance_id = granted.instance_id,
                agent = granted.agent_name,
                token_id = %granted.token_id,
                "login granted"
            );
        }
        Happening::TokenDelegated(delegated) => tracing::info!(
            request_id,
            provider = delegated.token.provider.as_str(),
            instance_id = delegated.token.instance_id,
            agent = delegated.token.agent_name,
            parent_id = %delegated.parent_id,
            token_id = %delegated.token.token_id,
            "token delegated"
        ),
        Happening::LoginRefused(refused) => {
            let outcome = if refused.dry_run { DRY_RUN_REFUSED } else { refused.code };
            metrics.login(refused.provider, refused.proof_kind, outcome);
            tracing::warn!(
                request_id,
                provider = refused.provider.as_str(),
                proof = refused.proof_kind,
                instance_id = refused.instance_id,
                agent = refused.agent_name,
                code = refused.code,
                cause = refused.cause,
                dry_run = refused.dry_run,
                "login refused"
            );
        }
        Happening::LoginDryRun(dry_run) => {
            metrics.login(dry_run.provider, dry_run.proof_kind, DRY_RUN);
            tracing::info!(
                request_id,
                provider = dry_run.provider.as_str(),
                proof = dry_run.proof_kind,
                instance_id = dry_run.instance_id,
                agent = dry_run.agent_name,
                rule = dry_run.rule,
                "login tried, and no token given"
            );
        }
        Happening::ResourceConverged(change) => tracing::info!(
            request_id,
            by = change.by,
            provider = change.provider.as_str(),
            instance_id = change.instance_id,
            created = change.created,
            replaces = change.replaces.map(tracing::field::display),
            agents_added = ?change.agents_added,
            agents_retired = ?change.agents_retired,
            properties_changed = ?change.properties_changed,
            "resource converged"
        ),
        Happening::InstanceEnrolled(enrolment) => tracing::info!(
            request_id,
            provider = enrolment.provider.as_str(),
            instance_id = enrolment.instance_id,
            account = enrolment.account,
            rule = enrolment.rule,
            "instance enrolled"
        ),
        Happening::RetentionRan(run) => {
            tracing::info!(removed = ?run.removed, as_of = %run.as_of, "what was over was removed");
        }
        Happening::ResourceRetired(change) => tracing::info!(
            request_id,
            by = change.by,
            provider = change.provider.as_str(),
            instance_id = change.instance_id,
            "resource retired"
        ),
    }
}
