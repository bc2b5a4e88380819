//! A P-256 key that signs, or signed, session tokens.

use sea_orm::entity::prelude::*;

/// A row of `signing_key`. Several are published at once; the newest one signs.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// The `kid`: the key's RFC 7638 thumbprint.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The private key as PKCS#8, sealed with AES-256-GCM; see `token/seal.rs`.
    pub sealed_key: Vec<u8>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it stopped being published; empty while it is.
    pub retired_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
