//! What goes wrong is told in words, with an exit code for each cause, and without the token.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::operator::Operator;
use crate::support::address::of_ones_own;
use crate::support::broker::{TestBroker, resource, sha256_hex};

#[actix::test]
async fn a_broker_that_is_away_is_13() {
    let address = of_ones_own();
    let operator = Operator::at(&format!("http://{address}"));
    operator.write("a.toml", &resource("i-1", &["main"]));
    for command in [&["apply", "-f", "a.toml"][..], &["resources", "list"], &["agents", "list"]] {
        let error = operator.run(command).await.failed(13);
        assert!(error.contains(&format!("http://{address} cannot be reached")), "{error}");
    }
}

#[actix::test]
async fn a_stranger_and_a_reader_may_not_write() {
    let reader = format!(
        "[[operator]]\nname = \"reader\"\ntoken_sha256 = \"{}\"\nscopes = [\"read\"]\n",
        sha256_hex("reads-only")
    );
    let broker = TestBroker::start(&reader).await;
    let mut operator = Operator::of(&broker);
    operator.write("a.toml", &(resource("i-1", &["main"]) + &resource("i-2", &["main"])));

    operator.token = "reads-only".to_owned();
    operator.run(&["resources", "list"]).await.well();
    let error = operator.run(&["apply", "-f", "a.toml"]).await.failed(12);
    assert!(error.contains("insufficient-scope"), "{error}");
    assert!(error.contains("Stopped after 0 of 2 resources."), "{error}");

    operator.token = "a-guess".to_owned();
    let error = operator.run(&["agents", "list"]).await.failed(12);
    assert!(error.contains("token-rejected") && !error.contains("a-guess"), "{error}");
}

#[actix::test]
async fn without_a_token_or_with_a_wrong_url_the_usage_is_wrong() {
    let mut operator = Operator::at("ftp://broker.example");
    let error = operator.run(&["resources", "list"]).await.failed(2);
    assert!(error.contains("is no broker's URL"), "{error}");
    operator.url = String::new();
    operator.token = " ".to_owned();
    let error = operator.run(&["resources", "list"]).await.failed(2);
    assert!(error.contains("CALLSIGN_OPERATOR_TOKEN") && error.contains("--token-file"), "{error}");
    let error = operator.run(&["resources", "list", "--token-file", "gone"]).await.failed(2);
    assert!(error.contains("the token file gone cannot be read"), "{error}");
    operator.run(&["resources", "show", "i-1"]).await.failed(2);
}

#[actix::test]
async fn a_token_file_goes_before_the_environment() {
    let broker = TestBroker::start("").await;
    let mut operator = Operator::of(&broker);
    operator.write("token", &format!("{}\n", operator.token));
    operator.token = "another".to_owned();
    operator.run(&["agents", "list"]).await.failed(12);
    operator.run(&["agents", "list", "--token-file", "token"]).await.well();
}

#[actix::test]
async fn what_the_brokers_file_owns_is_told_in_plain_words() {
    let broker = TestBroker::start(&resource("i-1", &["main"])).await;
    let operator = Operator::of(&broker);
    operator.write("a.toml", &(resource("i-1", &["dev"]) + &resource("i-2", &["main"])));
    let ran = operator.run(&["apply", "-f", "a.toml"]).await;
    assert!(
        ran.out.contains("failed     aws/i-1  machine  the broker's own configuration declares")
    );
    assert!(ran.out.contains("created    aws/i-2"), "the others are done all the same: {ran:?}");
    assert!(ran.failed(1).contains("1 resources are not as declared"));
    let error = operator.run(&["resources", "retire", "aws/i-1"]).await.failed(1);
    assert!(error.contains("owned-by-file") && error.contains("SIGHUP"), "{error}");
}

#[actix::test]
async fn what_is_not_registered_is_11() {
    let broker = TestBroker::start(&resource("i-1", &["main"])).await;
    let operator = Operator::of(&broker);
    for (command, words) in [
        (["resources", "show", "aws/i-2"], "aws/i-2 is not registered"),
        (["agents", "show", "aws/i-1/dev"], "aws/i-1 has no agent dev"),
        (["resources", "retire", "aws/i-2"], "instance-unknown"),
        (["resources", "show", "01a20e06-a3d0-7ceb-8a52-5a1c8f0d7f11"], "resource-unknown"),
        (["agents", "show", "01a20e06-a3d0-7ceb-8a52-5a1c8f0d7f11"], "agent-unknown"),
    ] {
        let error = operator.run(&command).await.failed(11);
        assert!(error.contains(words), "{error}");
    }
}

/// Answers the connections that come with one of these each, and gives its URL.
fn answering(answers: Vec<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            read_head(&stream);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

fn read_head(stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines();
    while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
}

const BUSY: &str =
    "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const EMPTY: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 31\r\n\r\n\
                     {\"items\":[],\"next_cursor\":null}\n";

#[actix::test]
async fn a_busy_broker_is_asked_again_when_it_says_so() {
    let operator = Operator::at(&answering(vec![BUSY, BUSY, EMPTY]));
    assert_eq!(operator.run(&["agents", "list"]).await.well(), "No agents.\n");
}

#[actix::test]
async fn a_broker_that_stays_busy_is_13() {
    let operator = Operator::at(&answering(vec![BUSY; 9]));
    let error = operator.run(&["agents", "list"]).await.failed(13);
    assert!(error.contains("cannot answer now: 503"), "{error}");
}

#[actix::test]
async fn what_is_no_broker_is_called_none() {
    let other = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\n<html>";
    let error = Operator::at(&answering(vec![other])).run(&["agents", "list"]).await.failed(13);
    assert!(error.contains("is no callsign broker"), "{error}");
}
