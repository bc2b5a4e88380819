//! What can be listed, and from where on? Filters and pages.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::names::{InstanceId, NameError, Provider};

/// Which entries of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this cloud.
    pub provider: Option<Provider>,
    /// Of this machine; without a provider, of each cloud's machine of this id.
    pub instance_id: Option<InstanceIds>,
    /// Live ones, or retired ones.
    pub live: Option<bool>,
    /// Agents that are connected, or are not; resources with such an agent, or without any.
    pub connected: Option<Connected>,
}

/// An instance id that somebody looks for, as each cloud that is asked for writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceIds(Vec<(Provider, InstanceId)>);

impl InstanceIds {
    /// The id of this text, in this cloud or in any.
    ///
    /// # Errors
    /// [`NameError::InstanceId`] where it is none.
    pub fn parse(provider: Option<Provider>, text: &str) -> Result<Self, NameError> {
        let clouds = Provider::ALL.into_iter().filter(|cloud| provider.is_none_or(|p| p == *cloud));
        let ids = clouds.map(|cloud| Ok((cloud, InstanceId::parse(cloud, text)?)));
        ids.collect::<Result<_, _>>().map(Self)
    }

    /// The id of one machine.
    pub fn of(provider: Provider, instance_id: InstanceId) -> Self {
        Self(vec![(provider, instance_id)])
    }

    /// Each cloud with the id.
    pub fn iter(&self) -> impl Iterator<Item = &(Provider, InstanceId)> {
        self.0.iter()
    }
}

/// Whether to list what is connected, and since when a heartbeat counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Those that are, or those that are not.
    pub wanted: bool,
    /// A connected agent was seen after this time.
    pub since: DateTime<Utc>,
}

/// A part of a list, in the order of ids, which is that of registration. Keyed by the last id
/// instead of a number of rows, so that entries that come and go meanwhile shift nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Entries at most.
    pub limit: u64,
    /// The id after which to begin.
    pub after: Option<Uuid>,
}

/// The entries of a part, and the id to go on from if there are more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The last id of this part, where another follows.
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    /// Cuts the one entry off that was fetched beyond the limit to see whether there is more.
    pub(super) fn cut(mut items: Vec<T>, cursor: Cursor, id: impl Fn(&T) -> Uuid) -> Self {
        let limit = usize::try_from(cursor.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().map(id).filter(|_| more);
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_looked_for_as_each_cloud_writes_it() {
        let written = |provider| {
            let ids = InstanceIds::parse(provider, "AB").unwrap();
            let text = |(cloud, id): &(Provider, InstanceId)| format!("{cloud} {id}");
            ids.iter().map(text).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(written(None), "aws AB, azure ab, google AB");
        assert_eq!(written(Some(Provider::Azure)), "azure ab");
        assert_eq!(InstanceIds::parse(None, "a b"), Err(NameError::InstanceId));
    }

    #[test]
    fn a_page_goes_on_only_where_more_was_seen() {
        let id = |number: &u128| Uuid::from_u128(*number);
        for (seen, limit, kept, next) in [
            (vec![], 2, vec![], None),
            (vec![1, 2], 2, vec![1, 2], None),
            (vec![1, 2, 3], 2, vec![1, 2], Some(2)),
        ] {
            let page = Page::cut(seen, Cursor { limit, after: None }, id);
            assert_eq!(page, Page { items: kept, next: next.map(Uuid::from_u128) });
        }
    }
}
