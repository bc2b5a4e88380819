//! Is a machine that nobody registered let in by a rule, whole or not at all, and no other?

mod check;
mod first_login;
mod killed;
mod meanwhile;
mod refused;
mod rules;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};

use crate::support::machine::ACCOUNT;

const MACHINE: &str = "i-0123456789abcdef0";

/// A rule for the account of the test machines, with these agents and further keys.
fn rule(name: &str, agents: &[&str], rest: &str) -> String {
    let agents: Vec<String> = agents.iter().map(|name| format!("{{ name = {name:?} }}")).collect();
    format!(
        "[[enrolment]]\nname = {name:?}\nprovider = \"aws\"\naccounts = [\"{ACCOUNT}\"]\n\
         agents = [{}]\n{rest}\n",
        agents.join(", ")
    )
}

/// The one number that a query gives.
async fn count(connection: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}
