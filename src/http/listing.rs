//! Which part of a list does a query ask for? What is not understood is refused: a filter that is
//! passed over gives a longer list than was meant.

use std::fmt::Display;

use actix_web::web::Query;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::problem::Problem;
use crate::directory::query::{Connected, Cursor, Filter, InstanceIds, Page};
use crate::directory::view::CONNECTED_FOR;
use crate::names::Provider;
use crate::wire::{self, ListQuery};

const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 1000;
const KNOWN: [&str; 6] = ["limit", "cursor", "provider", "instance_id", "live", "connected"];

/// Reads the query of a list.
pub(super) fn parse(query: &str, now: DateTime<Utc>) -> Result<(Filter, Cursor), Problem> {
    let query = read(&Pairs::parse(query)?)?;
    let cursor = Cursor {
        limit: query.limit.unwrap_or(DEFAULT_LIMIT),
        after: query.cursor.as_deref().map(position).transpose()?,
    };
    let ids = query.instance_id.map(|id| InstanceIds::parse(query.provider, &id));
    let since = now - CONNECTED_FOR;
    let filter = Filter {
        provider: query.provider,
        instance_id: ids.transpose().map_err(|error| fault("instance_id", error))?,
        live: query.live,
        connected: query.connected.map(|wanted| Connected { wanted, since }),
    };
    Ok((filter, cursor))
}

/// A page, as it is answered.
pub(super) fn answer<T, W>(page: Page<T>, item: impl FnMut(T) -> W) -> wire::Page<W> {
    let next_cursor = page.next.map(|id| id.simple().to_string());
    wire::Page { items: page.items.into_iter().map(item).collect(), next_cursor }
}

/// The parameters, each known and given once.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn parse(query: &str) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_query(query)
            .map_err(|_| Problem::malformed("The query is not a list of name=value."))?;
        for (index, (name, _)) in pairs.iter().enumerate() {
            if !KNOWN.contains(&name.as_str()) {
                let known = KNOWN.join(", ");
                return Err(fault(name, format!("no such parameter; there are {known}")));
            }
            if pairs.iter().take(index).any(|(earlier, _)| earlier == name) {
                return Err(fault(name, "given twice"));
            }
        }
        Ok(Self(pairs))
    }

    fn read<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        let given = self.0.iter().find(|(known, _)| known == name);
        let parsed = given.map(|(_, value)| parse(value)).transpose();
        parsed.map_err(|error| fault(name, error))
    }
}

fn read(pairs: &Pairs) -> Result<ListQuery, Problem> {
    Ok(ListQuery {
        limit: pairs.read("limit", limit)?,
        cursor: pairs.read("cursor", |text| Ok::<_, &str>(text.to_owned()))?,
        provider: pairs.read("provider", Provider::parse)?,
        instance_id: pairs.read("instance_id", |text| Ok::<_, &str>(text.to_owned()))?,
        live: pairs.read("live", yes_or_no)?,
        connected: pairs.read("connected", yes_or_no)?,
    })
}

fn limit(text: &str) -> Result<u64, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (1..=MAX_LIMIT).contains(number));
    number.ok_or_else(|| format!("allowed are 1 to {MAX_LIMIT}"))
}

fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    text.parse().map_err(|_| "allowed are true and false")
}

/// A cursor is the id after which to go on. One that was made by hand is a place in the list like
/// any other: it shows nothing that its holder may not see.
fn position(cursor: &str) -> Result<Uuid, Problem> {
    let refused = || fault("cursor", "send a next_cursor as it was given");
    let id = Uuid::try_parse(cursor).map_err(|_| refused())?;
    (id.simple().to_string() == cursor).then_some(id).ok_or_else(refused)
}

fn fault(name: &str, reason: impl Display) -> Problem {
    Problem::malformed(format!("In the query, the parameter that field names: {reason}."))
        .blaming(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn what_is_left_out_narrows_nothing() {
        let (filter, cursor) = parse("", now()).unwrap();
        assert_eq!(filter, Filter::default());
        assert_eq!(cursor, Cursor { limit: 100, after: None });
    }

    #[test]
    fn every_parameter_is_read() {
        let query = "limit=1000&cursor=00000000000000000000000000000007&provider=azure\
                     &instance_id=A%2Fb&live=true&connected=false";
        let (filter, cursor) = parse(query, now()).unwrap();
        assert_eq!(cursor, Cursor { limit: 1000, after: Some(Uuid::from_u128(7)) });
        assert_eq!(filter.provider, Some(Provider::Azure));
        assert_eq!(
            filter.instance_id,
            InstanceIds::parse(Some(Provider::Azure), "a/b").ok(),
            "the escaped slash is one"
        );
        assert_eq!(filter.live, Some(true));
        let since = now() - CONNECTED_FOR;
        assert_eq!(filter.connected, Some(Connected { wanted: false, since }));
    }

    #[test]
    fn what_is_not_understood_is_refused_and_named() {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("limit=-1", "limit"),
            ("limit=%2B5", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=", "limit"),
            ("cursor=", "cursor"),
            ("cursor=1 OR 1=1", "cursor"),
            ("cursor=00000000-0000-0000-0000-000000000007", "cursor"),
            ("cursor=0000000000000000000000000000000G", "cursor"),
            ("provider=AWS", "provider"),
            ("instance_id=a%20b", "instance_id"),
            ("live=yes", "live"),
            ("connected=1", "connected"),
            ("lve=true", "lve"),
            ("live=true&live=true", "live"),
        ] {
            let problem = parse(query, now()).unwrap_err();
            assert_eq!(problem.blamed(), [field], "{query}");
        }
    }
}
