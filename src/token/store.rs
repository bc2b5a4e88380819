//! What is kept of tokens and keys? Sealed signing keys, and whether a token still stands.

use chrono::{DateTime, Utc};
use entity::{agent, issued_token, resource, signing_key};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, JoinType, PaginatorTrait as _,
    QueryFilter, QueryOrder as _, QuerySelect, RelationTrait as _,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::check::TokenRefused;
use super::keys::{KeyRing, SigningKey, random_bytes};
use super::messages::TokenError;
use super::seal::SealingKey;
use super::session::{Behind, Session};
use crate::database::{Alone, Database};
use crate::identity::ProofKind;
use crate::names::InstanceId;
use crate::verify::Claims;

/// Why the signing keys are not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// The database refused, or is away.
    #[error("the signing keys could not be read or made: {0}")]
    Database(String),
    /// The seal is of another key.
    #[error(
        "the sealing key does not open the signing key {key_id} of this database\n  Give the \
         sealing key that this database was made with ([token] sealing_key_file, or \
         CALLSIGN_SEALING_KEY)."
    )]
    WrongSealingKey {
        /// The first key that does not open.
        key_id: String,
    },
    /// The system gave no randomness.
    #[error("the system gave no randomness for a signing key")]
    Random,
}

impl From<DbErr> for KeyStoreError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<DbErr> for TokenError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.to_string())
    }
}

/// Whether any signing key is in the database already, sealed with some key.
///
/// # Errors
/// [`KeyStoreError::Database`].
pub async fn has_keys(database: &Database) -> Result<bool, KeyStoreError> {
    Ok(signing_key::Entity::find().count(database.connection()).await? > 0)
}

/// Opens the published signing keys; makes the first one where there is none.
///
/// # Errors
/// [`KeyStoreError`], when the database is away or the sealing key is not the right one.
pub async fn open_key_ring(
    database: &Database,
    sealing_key: &SealingKey,
    now: DateTime<Utc>,
) -> Result<KeyRing, KeyStoreError> {
    let transaction = database.begin_alone(Alone::SigningKeys).await?;
    if signing_key::Entity::find().count(&transaction).await? == 0 {
        create_key(&transaction, sealing_key, now).await?;
    }
    let rows = signing_key::Entity::find()
        .filter(signing_key::Column::RetiredAt.is_null())
        .order_by_desc(signing_key::Column::CreatedAt)
        .order_by_desc(signing_key::Column::Id)
        .all(&transaction)
        .await?;
    transaction.commit().await?;
    let keys: Result<Vec<SigningKey>, KeyStoreError> =
        rows.into_iter().map(|row| open_key(&row, sealing_key)).collect();
    let mut keys = keys?.into_iter();
    let signing = keys.next().ok_or_else(|| {
        KeyStoreError::Database("every signing key of the database is retired".to_owned())
    })?;
    Ok(KeyRing::new(signing, keys.collect()))
}

/// The agent behind a verified token, if the token is on record and neither its agent nor its
/// resource has ended. The record decides, not the claims.
pub(super) async fn find_session(
    connection: &impl ConnectionTrait,
    claims: Claims,
) -> Result<Result<Session, TokenRefused>, TokenError> {
    /// The agent's columns, the resource's, and the token's kind of proof.
    type Row = (Uuid, String, Option<Uuid>, Option<DateTime<Utc>>, Uuid, String, String, String);
    let row: Option<Row> = issued_token::Entity::find_by_id(claims.jti)
        .select_only()
        .columns([agent::Column::Id, agent::Column::Name])
        .columns([agent::Column::ParentId, agent::Column::LastSeenAt])
        .columns([resource::Column::Id, resource::Column::Name, resource::Column::InstanceId])
        .column(issued_token::Column::ProofKind)
        .join(JoinType::InnerJoin, issued_token::Relation::Agent.def())
        .join(JoinType::InnerJoin, agent::Relation::Resource.def())
        .filter(agent::Column::RetiredAt.is_null())
        .filter(resource::Column::RetiredAt.is_null())
        .into_tuple()
        .one(connection)
        .await?;
    let Some((agent_id, agent_name, parent_id, last_seen_at, resource_id, resource_name, id, kind)) =
        row
    else {
        return Ok(Err(TokenRefused::Ended));
    };
    let unreadable = || TokenError::Unreadable(claims.jti);
    let instance_id = InstanceId::parse(claims.instance.provider, &id).map_err(|_| unreadable())?;
    let proof_kind = ProofKind::find(&kind).ok_or_else(unreadable)?.as_str();
    let behind = Behind {
        agent_id,
        agent_name,
        parent_id,
        last_seen_at,
        resource_id,
        resource_name,
        instance_id,
        proof_kind,
    };
    Ok(Ok(Session::new(claims, behind)))
}

async fn create_key(
    connection: &impl ConnectionTrait,
    sealing_key: &SealingKey,
    now: DateTime<Utc>,
) -> Result<(), KeyStoreError> {
    let pkcs8 = loop {
        let random = Zeroizing::new(random_bytes().ok_or(KeyStoreError::Random)?);
        if let Some(pkcs8) = SigningKey::generate(&random) {
            break pkcs8;
        }
    };
    let key = SigningKey::parse(&pkcs8).map_err(|_| KeyStoreError::Random)?;
    let sealed = sealing_key.seal(key.id(), &pkcs8).map_err(|_| KeyStoreError::Random)?;
    let row = signing_key::ActiveModel {
        id: Set(key.id().to_owned()),
        sealed_key: Set(sealed),
        created_at: Set(now),
        retired_at: Set(None),
    };
    signing_key::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

fn open_key(
    row: &signing_key::Model,
    sealing_key: &SealingKey,
) -> Result<SigningKey, KeyStoreError> {
    let wrong = || KeyStoreError::WrongSealingKey { key_id: row.id.clone() };
    let pkcs8 = sealing_key.open(&row.id, &row.sealed_key).map_err(|_| wrong())?;
    SigningKey::parse(&pkcs8).map_err(|_| wrong())
}
