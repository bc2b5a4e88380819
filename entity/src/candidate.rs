//! What logins may come to: a machine's live resource with one of its live root agents.

use sea_orm::entity::prelude::*;

/// A row of `candidate`, which nobody writes: a view, and on SQLite a table that triggers keep equal
/// to it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "candidate")]
pub struct Model {
    /// `aws`, `azure` or `google`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    /// The cloud's id of the machine.
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance_id: String,
    /// The agent's name; empty where the resource has no live root agent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_name: String,
    /// The agent; empty where the resource has no live root agent.
    pub agent_id: Option<Uuid>,
    /// The live resource of the machine.
    pub resource_id: Uuid,
    /// What people call that.
    pub resource_name: String,
    /// The account that must be proven; empty: any.
    pub account: String,
}

impl ActiveModelBehavior for ActiveModel {}
