//! Which cloud is this? The one whose metadata service answers as only it does.

use super::error::{MetadataError, Trouble};
use super::{Endpoints, MetadataReader};
use crate::names::Provider;

/// Finds out which cloud's machine this is, and gives the reader for it. Where variables point
/// some services elsewhere, only these are asked: whoever set them knew the cloud.
///
/// # Errors
/// [`MetadataError`]: the one cloud's own where only one was asked, else that none is there.
pub async fn detect(endpoints: &Endpoints) -> Result<MetadataReader, MetadataError> {
    let chosen = endpoints.chosen();
    let candidates = if chosen.is_empty() { Provider::ALL.to_vec() } else { chosen };
    // All at once: where a service is not there, asking takes as long as a connection may.
    let probes = candidates.iter().map(|provider| probe(*provider, endpoints));
    let mut errors = Vec::new();
    for outcome in futures_util::future::join_all(probes).await {
        match outcome {
            Ok(reader) => return Ok(reader),
            Err(error) => errors.push(error),
        }
    }
    Err(clearest(errors))
}

async fn probe(provider: Provider, endpoints: &Endpoints) -> Result<MetadataReader, MetadataError> {
    let reader = MetadataReader::new(provider, endpoints)?;
    match &reader {
        MetadataReader::Aws(aws) => aws.session().await.map(|_| ())?,
        MetadataReader::Azure(azure) => azure.is_there().await?,
        MetadataReader::Google(google) => google.is_there().await?,
    }
    Ok(reader)
}

/// What to tell of several failures: that of a service which names itself, or that there is none.
fn clearest(errors: Vec<MetadataError>) -> MetadataError {
    let provider = errors.first().map_or(Provider::Aws, |error| error.provider);
    let is_telling = |error: &MetadataError| {
        matches!(error.trouble, Trouble::Disabled | Trouble::Proxy | Trouble::NoServiceAccount)
    };
    let only = errors.len() == 1;
    let none = MetadataError { provider, endpoint: String::new(), trouble: Trouble::NoCloud };
    errors.into_iter().find(|error| only || is_telling(error)).unwrap_or(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(provider: Provider, trouble: Trouble) -> MetadataError {
        MetadataError { provider, endpoint: "http://x".to_owned(), trouble }
    }

    #[test]
    fn a_service_that_says_what_is_wrong_is_heard_before_those_that_are_not_there() {
        let away = |provider| error(provider, Trouble::Unreachable("refused".to_owned()));
        let disabled = error(Provider::Aws, Trouble::Disabled);
        let all = vec![away(Provider::Azure), disabled.clone(), away(Provider::Google)];
        assert_eq!(clearest(all), disabled);
        assert_eq!(clearest(vec![away(Provider::Google)]), away(Provider::Google));
        let none = clearest(vec![away(Provider::Azure), away(Provider::Google)]);
        assert_eq!(none.trouble, Trouble::NoCloud);
    }
}
