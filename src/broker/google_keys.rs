//! Where do Google's keys come from, as configured? And who keeps them new?

use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config;
use crate::identity::{CurrentKeys, KeyKeeper, KeySource, SourceError};

/// Starts keeping Google's keys new: from `keys_file` where there is one, else from `keys_url`. A
/// file is read before this returns; a URL is left to the background, since nothing may wait for
/// it.
///
/// # Errors
/// [`SourceError`] when there is no way to the keys at all.
pub(super) async fn keep(
    config: &config::Google,
    keys: CurrentKeys,
    clock: Clock,
) -> Result<JoinHandle<()>, SourceError> {
    let source = match &config.keys_file {
        Some(path) => KeySource::File(path.clone()),
        None => KeySource::Url(config.keys_url.clone()),
    };
    let mut keeper = KeyKeeper::new(source, keys, clock)?;
    keeper.begin().await;
    Ok(actix::spawn(keeper.run()))
}
