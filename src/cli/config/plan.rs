//! `callsign config plan`: what would a start, or SIGHUP, change?

use std::io::{self, IsTerminal as _};

use serde_json::{Value, json};

use crate::broker::plan::{Found, Planned, plan};
use crate::cli::change::describe;
use crate::cli::outcome::{Failure, Outcome, print};
use crate::cli::sources::ConfigFiles;
use crate::cli::table::{Output, table};
use crate::directory::preview::{Change, ChangeKind, Preview};

/// Print what start or SIGHUP would change, and change nothing
///
/// Compares the [[resource]] entries with what is registered in the configured database. Nothing
/// is changed: no migration is applied, no database and no key is made.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  callsign config plan --config callsign.toml
  callsign config plan -c callsign.toml --output json | jq '.[] | select(.change == \"retire\")'
  callsign config plan -c callsign.toml && systemctl reload callsign")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigFiles,
    /// The form of the list
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

pub(super) async fn run(args: Args) -> Outcome {
    let config = args.config.load()?;
    let planned = plan(&config).await.map_err(Failure::new)?;
    match args.output {
        Output::Table => {
            let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            print(page(&planned, colours))
        }
        Output::Json => print(list(&planned.preview)),
    }
}

fn page(Planned { preview, found }: &Planned, colours: bool) -> String {
    let mut page = String::new();
    if !preview.changes.is_empty() {
        let rows: Vec<[String; 5]> = preview.changes.iter().map(row).collect();
        // Each change is one line, which is painted as a whole; a terminal breaks it where it must.
        let table = table(["CHANGE", "PROVIDER", "INSTANCE", "NAME", "WHAT"], &rows, None);
        let mut lines = table.lines();
        page.extend(lines.next().map(|heads| format!("{heads}\n")));
        for (line, change) in lines.zip(&preview.changes) {
            page.push_str(&paint(line, &change.kind, colours));
            page.push('\n');
        }
        page.push('\n');
    }
    page.push_str(&summary(preview));
    match found {
        Found::Absent => page.push_str("\nThere is no database yet; start makes it."),
        Found::Behind(steps) => page.push_str(&format!(
            "\nThe database's schema is {steps} step(s) behind; start brings it up first."
        )),
        Found::Current => {}
    }
    page
}

fn row(change: &Change) -> [String; 5] {
    let (sign, word) = (sign(&change.kind), word(&change.kind));
    [
        format!("{sign} {word}"),
        change.provider.to_string(),
        change.instance_id.to_string(),
        change.name.clone(),
        describe(&change.kind),
    ]
}

const fn word(kind: &ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Add { .. } => "add",
        ChangeKind::Replace { .. } => "replace",
        ChangeKind::Adjust(_) => "change",
        ChangeKind::Retire => "retire",
        ChangeKind::Keep { .. } => "keep",
    }
}

const fn sign(kind: &ChangeKind) -> char {
    match kind {
        ChangeKind::Add { .. } => '+',
        ChangeKind::Replace { .. } => '±',
        ChangeKind::Adjust(_) => '~',
        ChangeKind::Retire => '-',
        ChangeKind::Keep { .. } => '!',
    }
}

fn paint(line: &str, kind: &ChangeKind, colours: bool) -> String {
    let colour = match kind {
        ChangeKind::Add { .. } => 32,
        ChangeKind::Replace { .. } | ChangeKind::Adjust(_) => 33,
        ChangeKind::Retire => 31,
        ChangeKind::Keep { .. } => 35,
    };
    if colours { format!("\u{1b}[{colour}m{line}\u{1b}[0m") } else { line.to_owned() }
}

fn summary(preview: &Preview) -> String {
    let unchanged = preview.unchanged;
    if preview.changes.is_empty() {
        return format!("Nothing to change: {unchanged} resources are as declared.");
    }
    let counted: Vec<String> = ["add", "replace", "change", "retire", "keep"]
        .into_iter()
        .map(|name| (name, preview.changes.iter().filter(|of| word(&of.kind) == name).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} to {name}"))
        .collect();
    format!("{}; {unchanged} as declared already.", counted.join(", "))
}

fn list(preview: &Preview) -> Value {
    preview.changes.iter().map(entry).collect()
}

fn entry(change: &Change) -> Value {
    let mut entry = json!({
        "change": word(&change.kind),
        "provider": change.provider,
        "instance_id": change.instance_id,
        "name": change.name,
    });
    let details = match &change.kind {
        ChangeKind::Add { agents } => json!({ "agents_added": agents }),
        ChangeKind::Replace { from, to, agents } => {
            json!({ "agents_added": agents, "generation": { "from": from, "to": to } })
        }
        ChangeKind::Adjust(change) => json!({
            "agents_added": change.add.iter().map(|agent| &agent.name).collect::<Vec<_>>(),
            "agents_retired": change.retire.iter().map(|agent| &agent.name).collect::<Vec<_>>(),
            "properties_changed": change.properties,
        }),
        ChangeKind::Retire => json!({}),
        ChangeKind::Keep { owner } => json!({ "owner": owner }),
    };
    if let (Some(entry), Value::Object(details)) = (entry.as_object_mut(), details) {
        entry.extend(details);
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::converge::Adjustment;
    use crate::names::{AgentName, InstanceId, Provider};
    use crate::registration::Origin;

    fn planned(kinds: Vec<ChangeKind>) -> Planned {
        let change = |(index, kind)| Change {
            provider: Provider::Aws,
            instance_id: InstanceId::parse(Provider::Aws, &format!("i-{index}")).unwrap(),
            name: "build".to_owned(),
            kind,
        };
        let changes = kinds.into_iter().enumerate().map(change).collect();
        Planned { preview: Preview { changes, unchanged: 2 }, found: Found::Current }
    }

    fn agents(count: usize) -> Vec<AgentName> {
        (0..count).map(|index| AgentName::parse(&format!("a{index}")).unwrap()).collect()
    }

    #[test]
    fn each_change_is_a_line_and_their_number_is_told() {
        let properties = vec!["account", "labels"];
        let planned = planned(vec![
            ChangeKind::Add { agents: agents(7) },
            ChangeKind::Replace { from: "1".into(), to: "2".into(), agents: agents(1) },
            ChangeKind::Adjust(Adjustment { properties, ..Adjustment::default() }),
            ChangeKind::Retire,
            ChangeKind::Keep { owner: Origin::Api },
        ]);
        assert_eq!(
            page(&planned, false),
            "CHANGE     PROVIDER  INSTANCE  NAME   WHAT\n\
             + add      aws       i-0       build  agents a0, a1, a2, a3, a4 and 2 more\n\
             ± replace  aws       i-1       build  generation \"1\" becomes \"2\", agents a0\n\
             ~ change   aws       i-2       build  another account, labels\n\
             - retire   aws       i-3       build  left the configuration\n\
             ! keep     aws       i-4       build  stays as it is: registered by the api, not by a file\n\
             \n1 to add, 1 to replace, 1 to change, 1 to retire, 1 to keep; 2 as declared already."
        );
    }

    #[test]
    fn colours_are_for_terminals_only() {
        let planned = planned(vec![ChangeKind::Retire]);
        assert!(page(&planned, true).contains("\u{1b}[31m- retire"));
        assert!(!page(&planned, false).contains('\u{1b}'));
    }

    #[test]
    fn nothing_to_do_is_said_in_words() {
        let planned = Planned { found: Found::Absent, ..planned(Vec::new()) };
        let expected = "Nothing to change: 2 resources are as declared.\n\
                        There is no database yet; start makes it.";
        assert_eq!(page(&planned, false), expected);
    }

    #[test]
    fn programs_get_every_change_with_its_details() {
        let kinds = vec![ChangeKind::Add { agents: agents(1) }, ChangeKind::Retire];
        let common = |change, id| json!({ "change": change, "provider": "aws", "instance_id": id, "name": "build" });
        let mut add = common("add", "i-0");
        add["agents_added"] = json!(["a0"]);
        assert_eq!(list(&planned(kinds).preview), json!([add, common("retire", "i-1")]));
    }
}
