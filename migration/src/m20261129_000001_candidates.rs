//! What a login may come to, by machine: the live resource with each of its live root agents. A row
//! without an agent is a live resource that has none.
//!
//! A view says what that is. PostgreSQL answers from it. SQLite would read two indexes for each of the
//! machines of a query, each of them in a place of its own, so there the rows lie in a table, by machine.
//! No code writes to it: whatever `INSERT`, `UPDATE` or `DELETE` changes a resource or an agent, triggers
//! fill in anew what the view says of that resource, in the same statement. So neither can be without
//! the other, whoever it is that changes something. (`INSERT OR REPLACE` would take rows away without a
//! word to a trigger; callsign never says it.)

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::statements::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => {
                run(manager, &[&view("candidate_source")]).await?;
                run(manager, &SQLITE_UP).await?;
                run(manager, &triggers().map(Trigger::create)).await
            }
            _ => run(manager, &[view("candidate")]).await,
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => {
                let drop = |trigger: Trigger| format!("DROP TRIGGER {}", trigger.name);
                run(manager, &triggers().map(drop)).await?;
                run(manager, &SQLITE_DOWN).await
            }
            _ => run(manager, &["DROP VIEW candidate"]).await,
        }
    }
}

fn view(name: &str) -> String {
    format!(
        "CREATE VIEW {name} AS SELECT
            resource.provider, resource.instance_id, coalesce(agent.name, '') AS agent_name,
            agent.id AS agent_id, resource.id AS resource_id, resource.name AS resource_name,
            resource.account
        FROM resource LEFT JOIN agent ON agent.resource_id = resource.id
            AND agent.retired_at IS NULL AND agent.parent_id IS NULL
        WHERE resource.retired_at IS NULL"
    )
}

const SQLITE_UP: [&str; 5] = [
    "CREATE TABLE candidate (
        provider {text} NOT NULL,
        instance_id {text} NOT NULL,
        agent_name {text} NOT NULL,
        agent_id {uuid},
        resource_id {uuid} NOT NULL,
        resource_name {text} NOT NULL,
        account {text} NOT NULL,
        PRIMARY KEY (provider, instance_id, agent_name)
    ) WITHOUT ROWID",
    "INSERT INTO candidate SELECT * FROM candidate_source ORDER BY provider, instance_id, agent_name",
    // Logins go by the table, so that one index is enough for whoever else asks for a machine and for
    // the rule that no code can break: at most one live resource per instance. The retired ones are
    // told apart by their ids.
    "DROP INDEX resource_live_instance",
    "DROP INDEX resource_of_instance",
    "CREATE UNIQUE INDEX resource_of_instance ON resource
        (provider, instance_id, (CASE WHEN retired_at IS NULL THEN 'live' ELSE id END))",
];

const SQLITE_DOWN: [&str; 5] = [
    "DROP INDEX resource_of_instance",
    "CREATE INDEX resource_of_instance
        ON resource (provider, instance_id, retired_at, id, name, account)",
    "CREATE UNIQUE INDEX resource_live_instance ON resource ((provider || ' ' || instance_id))
        WHERE retired_at IS NULL",
    "DROP TABLE candidate",
    "DROP VIEW candidate_source",
];

struct Trigger {
    name: &'static str,
    after: &'static str,
    does: String,
}

impl Trigger {
    fn new(name: &'static str, after: &'static str, does: impl Into<String>) -> Self {
        Self { name, after, does: does.into() }
    }

    fn create(self) -> String {
        format!("CREATE TRIGGER {} AFTER {} BEGIN {} END", self.name, self.after, self.does)
    }
}

fn triggers() -> [Trigger; 6] {
    [
        // What begins comes to what is there, which therefore need not be looked at.
        Trigger::new(
            "candidate_resource_begins",
            "INSERT ON resource WHEN NEW.retired_at IS NULL",
            "INSERT INTO candidate VALUES
                (NEW.provider, NEW.instance_id, '', NULL, NEW.id, NEW.name, NEW.account);",
        ),
        Trigger::new(
            "candidate_agent_begins",
            "INSERT ON agent WHEN NEW.retired_at IS NULL AND NEW.parent_id IS NULL",
            "DELETE FROM candidate WHERE (provider, instance_id, agent_name, resource_id) =
                (SELECT provider, instance_id, '', id FROM resource WHERE id = NEW.resource_id);
            INSERT INTO candidate SELECT provider, instance_id, NEW.name, NEW.id, id, name, account
                FROM resource WHERE id = NEW.resource_id AND retired_at IS NULL;",
        ),
        Trigger::new(
            "candidate_resource_changes",
            "UPDATE OF id, provider, instance_id, name, account, retired_at ON resource",
            anew_of_resource("OLD") + &anew_of_resource("NEW"),
        ),
        Trigger::new(
            "candidate_agent_changes",
            "UPDATE OF id, resource_id, parent_id, name, retired_at ON agent",
            anew_of_agent("OLD") + &anew_of_agent("NEW"),
        ),
        // Its agents go with it, in statements of the engine's own.
        Trigger::new("candidate_resource_goes", "DELETE ON resource", anew_of_resource("OLD")),
        Trigger::new("candidate_agent_goes", "DELETE ON agent", anew_of_agent("OLD")),
    ]
}

fn anew_of_resource(row: &str) -> String {
    filled_anew(&format!("{row}.provider, {row}.instance_id"), &format!("{row}.id"))
}

fn anew_of_agent(row: &str) -> String {
    let resource = format!("{row}.resource_id");
    let machine = format!("SELECT provider, instance_id FROM resource WHERE id = {resource}");
    filled_anew(&machine, &resource)
}

fn filled_anew(machine: &str, resource: &str) -> String {
    format!(
        "DELETE FROM candidate
            WHERE (provider, instance_id) = ({machine}) AND resource_id = {resource};
        INSERT INTO candidate SELECT * FROM candidate_source WHERE resource_id = {resource};"
    )
}
