//! How is it kept? Events as rows, and the token records that some of them are.

mod answer;
mod enrol;
mod hold;

use chrono::{DateTime, Utc};
use entity::{agent, auth_event, issued_token, refused_login};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

pub use answer::forget_answers;
pub(super) use answer::{answer, take_back};
pub(super) use enrol::enrol;
pub use hold::AsOf;
pub(super) use hold::hold_found;
pub(crate) use hold::{as_of, hold_live};

use super::kinds::{AuthEvent, Happening, LoginGranted, LoginRefused};

/// Refused logins that are kept; the oldest make room for the newest.
pub(super) const REFUSALS_KEPT: i64 = 10_000;

/// Writes the events, each into the table of its kind. Call it in the transaction of the change
/// that an event tells of, so that neither can be without the other.
pub(crate) async fn append<'a>(
    connection: &impl ConnectionTrait,
    events: impl IntoIterator<Item = &'a AuthEvent>,
) -> Result<(), DbErr> {
    let mut tokens = Vec::new();
    let mut log = Vec::new();
    let mut refusals = Vec::new();
    for event in events {
        tokens.extend(event.what.token().map(token_row));
        match &event.what {
            Happening::LoginRefused(refused) => refusals.push(refusal_row(event, refused)?),
            _ => log.push(log_row(event)?),
        }
    }
    if !tokens.is_empty() {
        issued_token::Entity::insert_many(tokens).exec_without_returning(connection).await?;
    }
    if !log.is_empty() {
        auth_event::Entity::insert_many(log).exec_without_returning(connection).await?;
    }
    if !refusals.is_empty() {
        refused_login::Entity::insert_many(refusals).exec_without_returning(connection).await?;
        forget_oldest_refusals(connection).await?;
    }
    Ok(())
}

/// Marks agents as seen, all at the latest of their times: they were seen within one commit.
pub(super) async fn mark_seen(
    connection: &impl ConnectionTrait,
    seen: &[(Uuid, DateTime<Utc>)],
) -> Result<(), DbErr> {
    let Some(latest) = seen.iter().map(|(_, at)| *at).max() else {
        return Ok(());
    };
    agent::Entity::update_many()
        .set(agent::ActiveModel { last_seen_at: Set(Some(latest)), ..Default::default() })
        .filter(agent::Column::Id.is_in(seen.iter().map(|(agent, _)| *agent)))
        .exec(connection)
        .await
        .map(drop)
}

/// Writes what changes nothing: fails where a record would not be taken.
pub(super) async fn try_write(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let trial = match connection.get_database_backend() {
        // A statement that finds no row would write nothing, and not need room on the disk.
        DbBackend::Sqlite => "PRAGMA user_version = 0",
        _ => "UPDATE agent SET last_seen_at = NULL WHERE false",
    };
    connection.execute_unprepared(trial).await.map(drop)
}

async fn forget_oldest_refusals(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let newest: Option<i64> = refused_login::Entity::find()
        .select_only()
        .column_as(refused_login::Column::Seq.max(), "newest")
        .into_tuple::<Option<i64>>()
        .one(connection)
        .await?
        .flatten();
    let oldest_kept = newest.unwrap_or(0) - REFUSALS_KEPT;
    refused_login::Entity::delete_many()
        .filter(refused_login::Column::Seq.lte(oldest_kept))
        .exec(connection)
        .await
        .map(drop)
}

fn token_row(granted: &LoginGranted) -> issued_token::ActiveModel {
    issued_token::ActiveModel {
        id: Set(granted.token_id),
        agent_id: Set(granted.agent_id),
        key_id: Set(granted.key_id.clone()),
        proof_kind: Set(granted.proof_kind.to_owned()),
        issued_at: Set(granted.issued_at),
        expires_at: Set(granted.expires_at),
    }
}

fn log_row(event: &AuthEvent) -> Result<auth_event::ActiveModel, DbErr> {
    Ok(auth_event::ActiveModel {
        seq: NotSet,
        id: Set(event.id),
        at: Set(event.at),
        kind: Set(event.what.kind().to_owned()),
        request_id: Set(event.request_id.clone()),
        resource_id: Set(event.what.resource_id()),
        agent_id: Set(event.what.agent_id()),
        body: Set(body(event)?),
    })
}

fn refusal_row(
    event: &AuthEvent,
    refused: &LoginRefused,
) -> Result<refused_login::ActiveModel, DbErr> {
    Ok(refused_login::ActiveModel {
        seq: NotSet,
        id: Set(event.id),
        at: Set(event.at),
        request_id: Set(event.request_id.clone()),
        code: Set(refused.code.to_owned()),
        body: Set(body(event)?),
    })
}

fn body(event: &AuthEvent) -> Result<String, DbErr> {
    serde_json::to_string(&event.what).map_err(|error| DbErr::Json(error.to_string()))
}
