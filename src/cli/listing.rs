//! What do the lists of resources and of agents have in common? What they are narrowed to, whom they
//! ask, and in which form they answer.

use serde::Serialize;

use super::access::Access;
use super::machine::Machine;
use super::outcome::{Failure, Outcome, print};
use super::table::{Output, print_json};
use crate::client::RegistrationClient;
use crate::names::Provider;
use crate::wire::ListQuery;

/// What a list is narrowed to.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Filter {
    /// Those of one cloud: aws, azure or google
    #[arg(long, value_parser = provider)]
    provider: Option<Provider>,
    /// Those of one machine
    #[arg(long, value_name = "ID")]
    instance_id: Option<String>,
    /// Those with a connected agent
    #[arg(long, conflicts_with = "disconnected")]
    connected: bool,
    /// Those without
    #[arg(long)]
    disconnected: bool,
    /// The retired ones instead of the live ones
    #[arg(long)]
    retired: bool,
    /// The live and the retired ones
    #[arg(long, conflicts_with = "retired")]
    all: bool,
}

impl Filter {
    /// As the API has it.
    pub(super) fn wire(&self) -> ListQuery {
        ListQuery {
            provider: self.provider,
            instance_id: self.instance_id.clone(),
            live: (!self.all).then_some(!self.retired),
            connected: (self.connected || self.disconnected).then_some(self.connected),
            ..ListQuery::default()
        }
    }
}

fn provider(word: &str) -> Result<Provider, String> {
    Provider::parse(word).map_err(|error| error.to_string())
}

/// Whom to ask, and how to show the answer.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Ask {
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Output,
    #[command(flatten)]
    access: Access,
}

impl Ask {
    /// A client of the broker.
    pub(super) fn client(&self) -> Result<RegistrationClient, Failure> {
        self.access.client()
    }

    /// Prints one entry, as JSON or as the page that this makes of it.
    pub(super) fn print<T: Serialize>(
        &self,
        entry: &T,
        page: impl FnOnce(&T) -> String,
    ) -> Outcome {
        match self.output {
            Output::Json => print_json(entry),
            Output::Table => print(page(entry)),
        }
    }
}

/// All that is or was registered for this machine.
pub(super) fn of_machine(Machine { provider, instance_id }: &Machine) -> ListQuery {
    ListQuery {
        provider: Some(*provider),
        instance_id: Some(instance_id.as_str().to_owned()),
        ..ListQuery::default()
    }
}
