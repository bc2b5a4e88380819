//! How is a challenge answered once and no more? By a row whose key is the challenge, within the
//! commit of the token that the answer leads to.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use entity::answered_challenge;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder as _,
    QuerySelect, QueryTrait as _,
};
use uuid::Uuid;

use crate::database::Database;
use crate::event::{AnsweredChallenge, LoginGranted, RecordError};

/// Expired rows that are removed at once: few enough for logins not to wait for it.
const BATCH: u64 = 500;

/// Writes down the challenges that these logins answer; gives the tokens of those that come too
/// late, because theirs was answered before.
///
/// A second answer violates the primary key, and the statement passes over it: an error would take
/// the whole group down, and who replays could make every login pay for a commit of its own.
/// Another broker that takes the same answer at this moment is waited for, until one is on record.
pub(in crate::event) async fn answer<'a>(
    connection: &impl ConnectionTrait,
    logins: impl IntoIterator<Item = &'a LoginGranted>,
) -> Result<HashSet<Uuid>, DbErr> {
    let mut late = HashSet::new();
    // In the same order everywhere, so that two brokers never wait in a circle.
    let mut first: BTreeMap<_, Answer<'a>> = BTreeMap::new();
    for answer in logins.into_iter().filter_map(Answer::of) {
        if let Some(second) = first.insert(answer.key(), answer) {
            first.insert(second.key(), second);
            late.insert(answer.login.token_id);
        }
    }
    let answers: Vec<Answer<'a>> = first.into_values().collect();
    if answers.is_empty() {
        return Ok(late);
    }
    let inserted = insert(connection, &answers).await?;
    if inserted < answers.len() as u64 {
        let kept = kept(connection, &answers).await?;
        let tokens = answers.iter().map(|answer| answer.login.token_id);
        late.extend(tokens.filter(|token| !kept.contains(token)));
    }
    Ok(late)
}

/// Takes the answers of these logins back, in the transaction that wrote them: they get no token,
/// and may try again.
pub(in crate::event) async fn take_back<'a>(
    connection: &impl ConnectionTrait,
    logins: impl IntoIterator<Item = &'a LoginGranted>,
) -> Result<(), DbErr> {
    let answers: Vec<Answer<'a>> = logins.into_iter().filter_map(Answer::of).collect();
    if answers.is_empty() {
        return Ok(());
    }
    let tokens = answers.iter().map(|answer| answer.login.token_id);
    answered_challenge::Entity::delete_many()
        .filter(is_of(&answers))
        .filter(answered_challenge::Column::TokenId.is_in(tokens))
        .exec(connection)
        .await
        .map(drop)
}

/// Removes a batch of answers that no broker would take any more; gives how many.
///
/// # Errors
/// [`RecordError::Database`]; what is left over is removed by the next call.
pub async fn forget_answers(database: &Database, now: DateTime<Utc>) -> Result<u64, RecordError> {
    let removed = forget(database.connection(), now).await;
    removed.map_err(|error| RecordError::Database(error.to_string()))
}

async fn forget(connection: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, DbErr> {
    use answered_challenge::Column::{ExpiresAt, InstanceId, Nonce, Provider};
    let expired = answered_challenge::Entity::find()
        .select_only()
        .columns([Provider, InstanceId, Nonce])
        .filter(ExpiresAt.lte(now))
        .order_by_asc(ExpiresAt)
        .limit(BATCH)
        .into_query();
    let key = [Provider, InstanceId, Nonce].map(Expr::col);
    let removed = answered_challenge::Entity::delete_many()
        .filter(Expr::tuple(key).in_subquery(expired))
        .exec(connection)
        .await?;
    Ok(removed.rows_affected)
}

/// A login that answers a challenge.
#[derive(Clone, Copy)]
struct Answer<'a> {
    login: &'a LoginGranted,
    challenge: &'a AnsweredChallenge,
}

impl<'a> Answer<'a> {
    fn of(login: &'a LoginGranted) -> Option<Self> {
        login.challenge.as_ref().map(|challenge| Self { login, challenge })
    }

    fn key(&self) -> (&'a str, &'a str, &'a str) {
        let Self { login, challenge } = self;
        (login.provider.as_str(), &login.instance_id, &challenge.nonce)
    }

    fn row(&self) -> answered_challenge::ActiveModel {
        let (provider, instance_id, nonce) = self.key();
        answered_challenge::ActiveModel {
            provider: Set(provider.to_owned()),
            instance_id: Set(instance_id.to_owned()),
            nonce: Set(nonce.to_owned()),
            token_id: Set(self.login.token_id),
            expires_at: Set(self.challenge.expires_at),
        }
    }
}

async fn insert(connection: &impl ConnectionTrait, answers: &[Answer<'_>]) -> Result<u64, DbErr> {
    let unless_there = OnConflict::new().do_nothing().to_owned();
    answered_challenge::Entity::insert_many(answers.iter().map(Answer::row))
        .on_conflict(unless_there)
        .exec_without_returning(connection)
        .await
}

/// The tokens on record for these challenges.
async fn kept(
    connection: &impl ConnectionTrait,
    answers: &[Answer<'_>],
) -> Result<HashSet<Uuid>, DbErr> {
    let tokens: Vec<Uuid> = answered_challenge::Entity::find()
        .select_only()
        .column(answered_challenge::Column::TokenId)
        .filter(is_of(answers))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(tokens.into_iter().collect())
}

/// Leads to the rows by their key; to some others as well, which have other tokens.
fn is_of(answers: &[Answer<'_>]) -> Condition {
    use answered_challenge::Column::{InstanceId, Nonce, Provider};
    let keys = || answers.iter().map(Answer::key);
    Condition::all()
        .add(Provider.is_in(keys().map(|(provider, ..)| provider)))
        .add(InstanceId.is_in(keys().map(|(_, instance_id, _)| instance_id)))
        .add(Nonce.is_in(keys().map(|(.., nonce)| nonce)))
}
