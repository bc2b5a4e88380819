//! What do those try who want a registration that is not theirs to have, or a broker that stumbles?

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::broker::{OPERATOR, TestBroker, send};
use crate::support::raw;

const PATH: &str = "/v1/resources/aws/i-1";

fn declared() -> Value {
    json!({ "name": "n", "agents": [{ "name": "main" }] })
}

/// As it goes over the wire: no client library tidies the path.
async fn put_raw(broker: &TestBroker, path: &str) -> String {
    let body = declared().to_string();
    let request = format!(
        "PUT {path} HTTP/1.1\r\nHost: broker\r\nConnection: close\r\nAuthorization: Bearer \
         {OPERATOR}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    raw::exchange(broker.service.address(), request.as_bytes()).await
}

#[actix::test]
async fn an_id_is_taken_as_it_is_and_never_as_a_path() {
    let broker = TestBroker::start("").await;
    for (path, id) in [
        ("a/../b", "a/../b"),
        ("..%2f..%2fetc", "../../etc"),
        ("%2e%2e/x", "../x"),
        ("a//b", "a//b"),
        ("a/", "a/"),
        ("%61", "a"),
    ] {
        let answer = put_raw(&broker, &format!("/v1/resources/aws/{path}")).await;
        assert_eq!(raw::status(&answer), "201", "{path}: {answer}");
        assert!(answer.contains(&format!("\"instance_id\":\"{id}\"")), "{path}: {answer}");
    }
}

#[actix::test]
async fn what_is_no_id_is_refused_however_it_is_escaped() {
    let broker = TestBroker::start("").await;
    let long = "x".repeat(129);
    for id in [
        "",
        "%00",
        "a%00b",
        "a%20b",
        "a+b",
        "%252F",
        "%25",
        "a%0d%0ab",
        "a;b",
        "a%3Fb",
        "a%23b",
        "%C3%B6",
        "%FF",
        "%E2%80%AE",
        "a'--",
        "a%22b",
        "%",
        "%zz",
        &long,
    ] {
        let answer = put_raw(&broker, &format!("/v1/resources/aws/{id}")).await;
        assert_eq!(raw::status(&answer), "400", "{id}: {answer}");
        assert!(answer.contains("malformed-request"), "{id}: {answer}");
    }
    for provider in ["AWS", "aws%20", "oracle", "%2e%2e"] {
        let answer = put_raw(&broker, &format!("/v1/resources/{provider}/i-1")).await;
        assert_eq!(raw::status(&answer), "400", "{provider}: {answer}");
    }
    assert_eq!(broker.look("/v1/resources").await["items"], json!([]));
}

#[actix::test]
async fn sql_and_unicode_in_names_are_refused_or_stay_text() {
    let broker = TestBroker::start("").await;
    for name in [
        "'; DROP TABLE resource; --",
        "a\" OR \"1\"=\"1",
        "mаin",
        "main\u{200b}",
        "ma\u{131}n",
        "main\u{0}",
        " main",
        "main ",
        "",
        "-main",
        "..",
        "main\n",
        "\u{202e}niam",
    ] {
        for (body, field) in [
            (json!({ "name": name, "agents": [] }), "name"),
            (json!({ "name": "n", "agents": [{ "name": name }] }), "agents[0].name"),
        ] {
            let answer = broker.put(PATH, &body).await;
            answer.assert_problem("400 malformed-request", &["field"]);
            assert_eq!(answer.json()["field"], field, "{name:?}");
        }
    }
    let text = "'); DELETE FROM agent; -- ö \u{202e}";
    let mut body = declared();
    for member in ["account", "generation"] {
        body[member] = json!(text);
    }
    body["labels"] = json!({ "note": text });
    assert_eq!(broker.put(PATH, &body).await.status, 201);
    let found = broker.look(PATH).await;
    for value in [&found["account"], &found["generation"], &found["labels"]["note"]] {
        assert_eq!(value, text);
    }
    assert_eq!(found["agents"].as_array().unwrap().len(), 1);
}

#[actix::test]
async fn one_name_in_two_cases_is_one_too_many() {
    let broker = TestBroker::start("").await;
    let body = json!({ "name": "n", "agents": [{ "name": "main" }, { "name": "MAIN" }] });
    let answer = broker.put(PATH, &body).await;
    assert_eq!(answer.json()["field"], "agents[1].name", "{}", answer.text);
    // But a name may change its case: it is another agent then.
    let before = broker.put(PATH, &declared()).await.json();
    let after = broker.put(PATH, &json!({ "name": "n", "agents": [{ "name": "MAIN" }] })).await;
    assert_eq!(after.status, 200, "{}", after.text);
    assert_ne!(after.json()["agents"][0]["id"], before["agents"][0]["id"]);
}

#[actix::test]
async fn circles_and_strangers_are_no_parents() {
    let broker = TestBroker::start("").await;
    for agents in [
        json!([{ "name": "a", "parent": "a" }]),
        json!([{ "name": "a", "parent": "b" }, { "name": "b", "parent": "a" }]),
        json!([{ "name": "a", "parent": "nobody" }]),
        json!([{ "name": "a" }, { "name": "b", "parent": "A" }]),
        json!([{ "name": "a" }, { "name": "b", "parent": "a" }, { "name": "c", "parent": "b" }]),
    ] {
        let answer = broker.put(PATH, &json!({ "name": "n", "agents": agents })).await;
        assert_eq!(answer.verdict(), "400 malformed-request", "{agents}");
        assert!(answer.json()["field"].as_str().unwrap().ends_with(".parent"), "{}", answer.text);
    }
}

#[actix::test]
async fn a_body_that_is_too_much_or_says_too_much_is_refused() {
    let broker = TestBroker::start("").await;
    let with = |member: &str, value: Value| {
        let mut body = declared();
        body[member] = value;
        body
    };
    let many: Vec<Value> = (0..101).map(|number| json!({ "name": format!("a{number}") })).collect();
    let labels: Value = (0..33)
        .map(|number| (format!("l{number}"), json!("")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    for (body, verdict) in [
        (with("agents", json!(many)), "400 malformed-request"),
        (with("labels", labels), "400 malformed-request"),
        (with("labels", json!({ "a": 1 })), "400 malformed-request"),
        (with("labels", json!({ "a": "x".repeat(257) })), "400 malformed-request"),
        (with("name", json!("x".repeat(65))), "400 malformed-request"),
        (with("account", json!("x".repeat(129))), "400 malformed-request"),
        (with("origin", json!("file")), "400 malformed-request"),
        (with("id", json!("00000000-0000-7000-8000-000000000000")), "400 malformed-request"),
        (with("name", json!("x".repeat(70_000))), "413 body-too-large"),
        (json!({ "name": "n" }), "400 malformed-request"),
        (json!([declared()]), "400 malformed-request"),
        (json!({ "name": "n", "agents": [{ "name": "a", "id": "x" }] }), "400 malformed-request"),
    ] {
        assert_eq!(broker.put(PATH, &body).await.verdict(), verdict);
    }
    let deep = format!("{{\"name\":\"n\",\"agents\":{}", "[".repeat(60_000));
    for (content_type, body, verdict) in [
        ("application/json", deep.as_str(), "400 malformed-request"),
        (
            "application/json",
            "{\"name\":\"n\",\"name\":\"m\",\"agents\":[]}",
            "400 malformed-request",
        ),
        ("text/plain", "{}", "415 unsupported-media-type"),
    ] {
        let request = broker.request(Method::PUT, PATH).bearer_auth(OPERATOR);
        let request = request.header("content-type", content_type).body(body.to_owned());
        assert_eq!(send(request).await.verdict(), verdict);
    }
    assert_eq!(broker.look("/v1/resources").await["items"], json!([]));
}

#[actix::test]
async fn a_cursor_made_by_hand_is_refused_or_a_place_like_any_other() {
    let broker = TestBroker::start("").await;
    broker.put(PATH, &declared()).await;
    for (cursor, count) in [("0".repeat(32), 1), ("f".repeat(32), 0)] {
        let page = broker.look(&format!("/v1/resources?cursor={cursor}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{cursor}");
    }
    for cursor in
        ["", "x", "0", "'%20OR%20'1'='1", "%00", "../../x", &"F".repeat(32), &"0".repeat(4000)]
    {
        for list in ["/v1/resources", "/v1/agents"] {
            let answer = broker.operate(Method::GET, &format!("{list}?cursor={cursor}")).await;
            answer.assert_problem("400 malformed-request", &["field"]);
            assert_eq!(answer.json()["field"], "cursor");
        }
    }
}

#[actix::test]
async fn an_unproven_query_is_not_told_what_is_wrong_with_it() {
    let broker = TestBroker::start("").await;
    for path in ["/v1/resources?limit=x", "/v1/agents?cursor=x", "/v1/resources/oracle/i-1"] {
        assert_eq!(broker.get(path).await.verdict(), "401 token-rejected", "{path}");
    }
}
