//! A connection that breaks off in the middle of a commit: nobody knows whether it was made. There
//! may be a record of a token that nobody got, never a token without its record.

use std::cell::Cell;

use futures_util::future::join_all;
use sea_orm::{EntityTrait as _, PaginatorTrait as _};

use super::postgres::behind_a_network;
use super::{MACHINE, assert_well};
use crate::support::broker::TestBroker;
use crate::support::machine::AwsMachine;
use crate::support::network::Cut;

async fn recorded(broker: &TestBroker) -> u64 {
    entity::issued_token::Entity::find().count(&broker.sql().await).await.unwrap()
}

#[actix::test]
async fn a_commit_whose_answer_is_lost_is_no_login() {
    let Some((network, broker, token)) = behind_a_network().await else { return };
    for (cut, left) in [(Cut::Before, 0), (Cut::After, 1)] {
        let before = recorded(&broker).await;
        network.cut_at_commit(cut);
        let login = broker.log_in(&AwsMachine::new(MACHINE), Some("main")).await;
        login.assert_problem("503 unavailable", &[]);
        assert_eq!(recorded(&broker).await, before + left, "{cut:?}");
        assert_well(&broker, &token).await;
    }
}

#[actix::test]
async fn whatever_breaks_off_each_token_that_was_answered_is_on_record() {
    let Some((network, broker, token)) = behind_a_network().await else { return };
    let (machine, broker) = (AwsMachine::new(MACHINE), &broker);
    let is_over = Cell::new(false);
    let (is_over, network) = (&is_over, &network);
    let client = |number: usize| {
        let (machine, name) = (&machine, ["main", "dev"][number % 2]);
        async move {
            let mut tokens = Vec::new();
            while !is_over.get() || tokens.len() < 3 {
                let login = broker.log_in(machine, Some(name)).await;
                match login.status {
                    200 => tokens.push(login.json()["session_token"].as_str().unwrap().to_owned()),
                    _ => login.assert_problem("503 unavailable", &[]),
                }
            }
            tokens
        }
    };
    let trouble = async {
        for _ in 0..4 {
            for cut in [Cut::After, Cut::Before] {
                network.cut_at_commit(cut);
                network.has_cut_at_commit().await;
            }
            network.cut();
        }
        is_over.set(true);
    };
    let (tokens, ()) = tokio::join!(join_all((0..8).map(client)), trouble);
    let tokens = tokens.concat();
    for token in &tokens {
        assert_eq!(broker.get_as("/v1/agents/me", token).await.status, 200);
    }
    // Besides these and the one that was handed out before, there are those whose answer was lost.
    assert!(recorded(broker).await > tokens.len() as u64 + 1);
    assert_well(broker, &token).await;
}
