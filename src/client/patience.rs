//! What if the broker cannot answer now? Ask again when it says so, and not for ever.

use std::time::Duration;

use super::error::ClientError;

/// How often a busy broker is asked again, before it counts as one that does not answer.
const MOST_RETRIES: u32 = 8;

/// The first wait where the broker names none; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Asks until the broker has answered; what passes by waiting is waited for, as long as the broker
/// says (`Retry-After`).
///
/// # Errors
/// [`ClientError`]: every other one at once, and what passes when it does not pass.
pub async fn patiently<T, A>(ask: impl Fn() -> A) -> Result<T, ClientError>
where
    A: Future<Output = Result<T, ClientError>>,
{
    for retry in 0..MOST_RETRIES {
        match ask().await {
            Err(ClientError::Later { retry_after, .. }) => {
                let wait = retry_after.unwrap_or_else(|| FIRST_WAIT * 2_u32.pow(retry));
                tokio::time::sleep(wait).await;
            }
            answer => return answer,
        }
    }
    ask().await
}
