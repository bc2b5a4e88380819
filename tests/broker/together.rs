//! Logins that are looked up with one query each get their own answer.

use futures_util::future::join_all;

use crate::support::broker::{TestBroker, resource};
use crate::support::machine::AwsMachine;

/// More than go into one query, with every outcome among them.
#[actix::test]
async fn machines_that_log_in_at_once_are_not_mistaken_for_each_other() {
    let id = |number: usize| format!("i-{number:04}");
    let retired: String =
        (0..120).filter(|n| n % 4 == 3).map(|n| resource(&id(n), &["a"])).collect();
    let broker = TestBroker::start(&retired).await;
    let live = (0..120).map(|number| match number % 4 {
        0 => resource(&id(number), &[&format!("agent-{number}")]),
        1 => resource(&id(number), &[&format!("b-{number}"), &format!("a-{number}")]),
        _ => String::new(),
    });
    broker.reload(&live.collect::<String>()).await;
    // Signed before the first is sent: a connection that waits for its request is closed.
    let now = broker.clock.now();
    let bodies: Vec<_> = (0..120).map(|n| AwsMachine::new(&id(n)).login(now, None)).collect();
    let logins = bodies.iter().map(|body| broker.post("/v1/login/aws", body));
    for (number, answer) in join_all(logins).await.into_iter().enumerate() {
        let (verdict, body) = (answer.verdict(), answer.json());
        match number % 4 {
            0 => {
                assert_eq!(verdict, "200");
                assert_eq!(body["agent"]["name"], format!("agent-{number}"));
                assert_eq!(body["resource"]["instance_id"], id(number));
            }
            1 => {
                assert_eq!(verdict, "409 agent-ambiguous");
                let names = [format!("a-{number}"), format!("b-{number}")];
                assert_eq!(body["agents"], serde_json::json!(names));
            }
            2 => assert_eq!(verdict, "404 instance-unknown"),
            _ => assert_eq!(verdict, "410 instance-retired"),
        }
    }
}
