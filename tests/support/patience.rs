//! How is something waited for that comes when it comes? For much longer than it takes on a machine
//! however busy, so that only what never comes fails.

use std::time::{Duration, Instant};

use super::broker::TestBroker;

/// Nothing that a test waits for takes longer.
pub const AMPLE: Duration = Duration::from_secs(90);

/// Waits until this gives something.
pub async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < AMPLE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The broker's metrics, once they have these lines: decisions are counted as they are heard of, and
/// places given back, after the answer.
pub async fn metrics_with(broker: &TestBroker, lines: &[&str]) -> String {
    let look = async || {
        let page = broker.get("/metrics").await.text;
        let has = |line: &&str| page.lines().any(|told| told == *line);
        let missing = lines.iter().find(|line| !has(line));
        missing.is_none().then_some(page)
    };
    until(&format!("{lines:#?}"), look).await
}
