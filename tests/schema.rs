//! Is the schema that the migrations make the one that the entities describe, and does it refuse
//! what must not be, whatever the code does?

use std::collections::{BTreeMap, BTreeSet};

use callsign::config;
use callsign::database::Database;
use entity::{
    agent, answered_challenge, auth_event, candidate, ended_agents, forgotten, issued_token,
    refused_login, resource, retention_run, signing_key,
};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, ColumnType, ConnectionTrait as _, DatabaseConnection, DbErr, EntityName,
    EntityTrait, Iterable as _, PrimaryKeyToColumn as _, SqlErr, Statement,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::database;
use crate::support::rows::{agent, now, resource};

/// A migrated database, seen without callsign.
struct Schema {
    connection: DatabaseConnection,
    _folder: TempDir,
}

/// What is known of a column: its type, whether it may be empty, whether it is the primary key.
type Column = (String, bool, bool);
type Columns = BTreeMap<String, Column>;

async fn schema() -> Schema {
    let folder = tempfile::tempdir().unwrap();
    database::prepare(folder.path()).await;
    let url = database::url(folder.path());
    let config = config::Database { url: url.clone() };
    Database::open(&config).await.unwrap().close().await.unwrap();
    let connection = sea_orm::Database::connect(url).await.unwrap();
    Schema { connection, _folder: folder }
}

impl Schema {
    async fn rows(&self, sql: &str) -> Vec<sea_orm::QueryResult> {
        let statement = Statement::from_string(self.connection.get_database_backend(), sql);
        self.connection.query_all_raw(statement).await.unwrap()
    }

    async fn tables(&self) -> BTreeSet<String> {
        let sql = match database::is_postgres() {
            true => {
                "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()"
            }
            false => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
        };
        let rows = self.rows(sql).await;
        let names = rows.iter().map(|row| row.try_get("", "name").unwrap());
        names.filter(|name| name != "seaql_migrations").collect()
    }

    async fn columns(&self, table: &str) -> Columns {
        let sql = match database::is_postgres() {
            true => POSTGRES_COLUMNS,
            false => SQLITE_COLUMNS,
        };
        let rows = self.rows(&sql.replace("{table}", table)).await;
        let column = |row: &sea_orm::QueryResult| {
            let name: String = row.try_get("", "name").unwrap();
            let declared: String = row.try_get("", "type").unwrap();
            let not_null: i32 = row.try_get("", "not_null").unwrap();
            let key: i32 = row.try_get("", "key").unwrap();
            (name, (declared, not_null == 0, key > 0))
        };
        rows.iter().map(column).collect()
    }

    async fn insert<E: EntityTrait>(
        &self,
        row: impl sea_orm::ActiveModelTrait<Entity = E>,
    ) -> Result<(), DbErr> {
        E::insert(row).exec_without_returning(&self.connection).await.map(drop)
    }
}

const SQLITE_COLUMNS: &str =
    "SELECT name, type, \"notnull\" AS not_null, pk AS key FROM pragma_table_info('{table}')";

const POSTGRES_COLUMNS: &str = "SELECT attname::text AS name,
        format_type(atttypid, atttypmod) AS type,
        attnotnull::int AS not_null,
        (SELECT count(*)::int FROM pg_index
            WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey)) AS key
    FROM pg_attribute
    WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped";

fn described<E: EntityTrait + EntityName>() -> (String, Columns) {
    let keys: BTreeSet<String> =
        E::PrimaryKey::iter().map(|key| name_of(&key.into_column())).collect();
    let columns = E::Column::iter().map(|column| {
        let def = column.def();
        let name = name_of(&column);
        let column = (declared(def.get_column_type()), def.is_null(), keys.contains(&name));
        (name, column)
    });
    (E::default().table_name().to_owned(), columns.collect())
}

fn name_of(column: &impl sea_orm::IdenStatic) -> String {
    column.as_str().to_owned()
}

/// The type that the migrations declare for what the entities say.
fn declared(column: &ColumnType) -> String {
    let (sqlite, postgres) = match column {
        ColumnType::Uuid => ("uuid_text", "uuid"),
        ColumnType::String(_) | ColumnType::Text => ("TEXT", "text"),
        ColumnType::Blob | ColumnType::VarBinary(_) => ("BLOB", "bytea"),
        ColumnType::Json | ColumnType::JsonBinary => ("json_text", "jsonb"),
        ColumnType::TimestampWithTimeZone => {
            ("timestamp_with_timezone_text", "timestamp with time zone")
        }
        ColumnType::BigInteger | ColumnType::Integer => ("INTEGER", "bigint"),
        other => panic!("which type is {other:?}?"),
    };
    if database::is_postgres() { postgres } else { sqlite }.to_owned()
}

#[actix::test]
async fn entities_and_migrated_schema_are_equal() {
    let schema = schema().await;
    let mut entities: BTreeMap<String, Columns> = [
        described::<agent::Entity>(),
        described::<answered_challenge::Entity>(),
        described::<auth_event::Entity>(),
        described::<forgotten::Entity>(),
        described::<issued_token::Entity>(),
        described::<refused_login::Entity>(),
        described::<resource::Entity>(),
        described::<retention_run::Entity>(),
        described::<signing_key::Entity>(),
    ]
    .into();
    if !database::is_postgres() {
        entities.extend([described::<candidate::Entity>(), described::<ended_agents::Entity>()]);
    }
    let names: BTreeSet<String> = entities.keys().cloned().collect();
    assert_eq!(schema.tables().await, names);
    for (table, columns) in entities {
        assert_eq!(schema.columns(&table).await, columns, "{table}");
    }
}

/// It is a table on SQLite, among those above.
#[actix::test]
async fn the_view_of_candidates_has_the_columns_of_its_entity() {
    let schema = schema().await;
    let types = |columns: Columns| -> BTreeMap<String, String> {
        columns.into_iter().map(|(name, (declared, ..))| (name, declared)).collect()
    };
    let (name, columns) = described::<candidate::Entity>();
    assert_eq!(types(schema.columns(&name).await), types(columns));
}

#[track_caller]
fn assert_refused(outcome: Result<(), DbErr>) {
    let error = outcome.expect_err("the schema took what must not be");
    let cause = error.sql_err();
    assert!(matches!(cause, Some(SqlErr::UniqueConstraintViolation(_))), "{error}");
}

#[actix::test]
async fn a_second_live_resource_of_an_instance_is_refused() {
    let schema = schema().await;
    let (live, ended) = (None, Some(now()));
    schema.insert(resource("i-1", live)).await.unwrap();
    assert_refused(schema.insert(resource("i-1", live)).await);
    // Earlier generations, other machines and other clouds are no matter.
    schema.insert(resource("i-1", ended)).await.unwrap();
    schema.insert(resource("i-1", ended)).await.unwrap();
    schema.insert(resource("i-2", live)).await.unwrap();
    let on_google =
        resource::ActiveModel { provider: Set("google".into()), ..resource("i-1", live) };
    schema.insert(on_google).await.unwrap();
}

#[actix::test]
async fn a_retired_resource_cannot_come_back_beside_a_live_one() {
    let schema = schema().await;
    schema.insert(resource("i-1", Some(now()))).await.unwrap();
    schema.insert(resource("i-1", None)).await.unwrap();
    let revived = "UPDATE resource SET retired_at = NULL";
    let outcome = schema.connection.execute_unprepared(revived).await.map(drop);
    assert_refused(outcome);
}

#[actix::test]
async fn a_second_live_agent_of_a_name_is_refused_in_any_case_of_letters() {
    let schema = schema().await;
    let (live, ended) = (None, Some(now()));
    let machine = resource("i-1", live);
    let on = machine.id.clone().unwrap();
    schema.insert(machine).await.unwrap();
    schema.insert(agent(on, "Main", live)).await.unwrap();
    for name in ["Main", "main", "MAIN", "mAiN"] {
        assert_refused(schema.insert(agent(on, name, live)).await);
        schema.insert(agent(on, name, ended)).await.unwrap();
    }
    schema.insert(agent(on, "main2", live)).await.unwrap();
    let other = resource("i-2", live);
    let on_other = other.id.clone().unwrap();
    schema.insert(other).await.unwrap();
    schema.insert(agent(on_other, "Main", live)).await.unwrap();
}

#[actix::test]
async fn every_step_can_be_taken_back_and_made_again() {
    let schema = schema().await;
    let tables = schema.tables().await;
    Migrator::down(&schema.connection, None).await.unwrap();
    assert_eq!(schema.tables().await, BTreeSet::new());
    Migrator::up(&schema.connection, None).await.unwrap();
    assert_eq!(schema.tables().await, tables);
}

#[actix::test]
async fn a_sub_agent_does_not_share_a_name_with_a_root_agent() {
    let schema = schema().await;
    let machine = resource("i-1", None);
    let on = machine.id.clone().unwrap();
    schema.insert(machine).await.unwrap();
    let root = agent(on, "main", None);
    let parent = root.id.clone().unwrap();
    schema.insert(root).await.unwrap();
    let sub = agent::ActiveModel { parent_id: Set(Some(parent)), ..agent(on, "MAIN", None) };
    assert_refused(schema.insert(sub).await);
}

#[actix::test]
async fn a_token_is_recorded_once_and_for_a_known_key() {
    let schema = schema().await;
    let key = signing_key::ActiveModel {
        id: Set("kid".to_owned()),
        sealed_key: Set(vec![1]),
        created_at: Set(now()),
        retired_at: Set(None),
    };
    schema.insert(key).await.unwrap();
    let token = |key: &str| issued_token::ActiveModel {
        id: Set(Uuid::from_u128(7)),
        agent_id: Set(Uuid::from_u128(1)),
        key_id: Set(key.to_owned()),
        proof_kind: Set("aws:rsa2048".to_owned()),
        issued_at: Set(now()),
        expires_at: Set(now()),
    };
    let error = schema.insert(token("other")).await.unwrap_err();
    let cause = error.sql_err();
    assert!(matches!(cause, Some(SqlErr::ForeignKeyConstraintViolation(_))), "{error}");
    schema.insert(token("kid")).await.unwrap();
    assert_refused(schema.insert(token("kid")).await);
}

#[actix::test]
async fn a_challenge_is_answered_once_a_machine() {
    let schema = schema().await;
    let answer = |provider: &str, instance_id: &str, nonce: &str| answered_challenge::ActiveModel {
        provider: Set(provider.to_owned()),
        instance_id: Set(instance_id.to_owned()),
        nonce: Set(nonce.to_owned()),
        token_id: Set(Uuid::from_u128(7)),
        expires_at: Set(now()),
    };
    schema.insert(answer("azure", "vm", "1234567890")).await.unwrap();
    assert_refused(schema.insert(answer("azure", "vm", "1234567890")).await);
    for other in
        [("google", "vm", "1234567890"), ("azure", "vm2", "1234567890"), ("azure", "vm", "1")]
    {
        schema.insert(answer(other.0, other.1, other.2)).await.unwrap();
    }
}
