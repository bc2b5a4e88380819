//! What can operators register, retire and see, and what is everybody else told?

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::broker::{Answer, OPERATOR, TestBroker, resource, send};
use crate::support::machine::AwsMachine;

const MACHINE: &str = "i-0123456789abcdef0";
const PATH: &str = "/v1/resources/aws/i-0123456789abcdef0";

fn declared(agents: &[&str]) -> Value {
    let agents: Vec<Value> = agents.iter().map(|name| json!({ "name": name })).collect();
    json!({ "name": "build-7", "agents": agents })
}

fn names(resource: &Value) -> Vec<&str> {
    let agents = resource["agents"].as_array().unwrap();
    agents.iter().map(|agent| agent["name"].as_str().unwrap()).collect()
}

#[actix::test]
async fn a_registration_is_begun_kept_changed_and_ended() {
    let broker = TestBroker::start("").await;
    let machine = AwsMachine::new(MACHINE);
    assert_eq!(broker.log_in(&machine, None).await.verdict(), "404 instance-unknown");

    let begun = broker.put(PATH, &declared(&["main", "dev"])).await;
    assert_eq!(begun.status, 201, "{}", begun.text);
    let begun = begun.json();
    assert_eq!((&begun["changed"], &begun["origin"]), (&json!(true), &json!("api")));
    assert_eq!(names(&begun), ["dev", "main"]);
    let token = broker.token(&machine, Some("dev")).await;

    let again = broker.put(PATH, &declared(&["main", "dev"])).await;
    assert_eq!((again.status, &again.json()["changed"]), (200, &json!(false)));
    assert_eq!(again.json()["id"], begun["id"]);

    let fewer = broker.put(PATH, &declared(&["main", "ops"])).await;
    assert_eq!((fewer.status, &fewer.json()["changed"]), (200, &json!(true)));
    assert_eq!(names(&fewer.json()), ["main", "ops"]);
    assert_eq!(fewer.json()["agents"][0]["id"], begun["agents"][1]["id"], "main is kept");
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 401, "dev is retired");

    assert_eq!(broker.operate(Method::DELETE, PATH).await.status, 204);
    assert_eq!(broker.log_in(&machine, None).await.verdict(), "410 instance-retired");
    let gone = broker.operate(Method::DELETE, PATH).await;
    assert_eq!(gone.verdict(), "404 instance-unknown");
    assert_eq!(gone.json()["instance_id"], MACHINE);
}

#[actix::test]
async fn another_generation_begins_anew_and_ends_every_token_at_once() {
    let broker = TestBroker::start("").await;
    let machine = AwsMachine::new(MACHINE);
    let generation = |word: &str| {
        let mut body = declared(&["main"]);
        body["generation"] = json!(word);
        body
    };
    let first = broker.put(PATH, &generation("1")).await.json();
    let token = broker.token(&machine, None).await;
    let second = broker.put(PATH, &generation("2")).await;
    assert_eq!((second.status, &second.json()["changed"]), (201, &json!(true)));
    assert_ne!(second.json()["id"], first["id"]);
    assert_ne!(second.json()["agents"][0]["id"], first["agents"][0]["id"]);
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.verdict(), "401 token-rejected");
    let old = broker.look(&format!("/v1/resources/{}", first["id"].as_str().unwrap())).await;
    assert_eq!((&old["live"], names(&old).len()), (&json!(false), 0));
    broker.token(&machine, Some("main")).await;
}

#[actix::test]
async fn every_change_is_on_record_with_who_did_it() {
    let broker = TestBroker::start(&resource("i-file", &["main"])).await;
    broker.put(PATH, &declared(&["main"])).await;
    broker.put(PATH, &declared(&["dev"])).await;
    broker.put(PATH, &declared(&["dev"])).await;
    broker.operate(Method::DELETE, PATH).await;
    let told: Vec<String> = broker
        .events()
        .await
        .iter()
        .filter(|event| event["kind"] != "broker-started")
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} by {}", text("kind"), text("instance_id"), text("by"))
        })
        .collect();
    assert_eq!(
        told,
        [
            "resource-converged i-file by file".to_owned(),
            format!("resource-converged {MACHINE} by operator:tests"),
            format!("resource-converged {MACHINE} by operator:tests"),
            format!("resource-retired {MACHINE} by operator:tests"),
        ]
    );
}

#[actix::test]
async fn what_a_file_registered_the_api_cannot_change() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let same = broker.put(PATH, &declared(&["main"])).await;
    assert_eq!(same.verdict(), "409 owned-by-file");
    assert_eq!(same.json()["instance_id"], MACHINE);
    let gone = broker.operate(Method::DELETE, PATH).await;
    assert_eq!(gone.verdict(), "409 owned-by-file");
    let found = broker.look(PATH).await;
    assert_eq!((&found["origin"], &found["live"]), (&json!("file"), &json!(true)));
    // Once it has left the file, it is anybody's.
    broker.reload("").await;
    assert_eq!(broker.put(PATH, &declared(&["main"])).await.status, 201);
}

#[actix::test]
async fn what_the_api_registered_a_file_does_not_take_over() {
    let broker = TestBroker::start("").await;
    let machine = AwsMachine::new(MACHINE);
    let begun = broker.put(PATH, &declared(&["main", "dev"])).await.json();
    let token = broker.token(&machine, Some("dev")).await;
    // The other declarations are followed all the same, and the broker also starts anew so.
    let toml = resource(MACHINE, &["main"]) + &resource("i-other", &["main"]);
    broker.reload(&toml).await;
    let (folder, clock) = broker.stop().await;
    let broker = TestBroker::start_in(folder, clock, &toml).await;
    let found = broker.look(PATH).await;
    assert_eq!((&found["id"], &found["origin"]), (&begun["id"], &json!("api")));
    assert_eq!(broker.get_as("/v1/agents/me", &token).await.status, 200);
    broker.token(&AwsMachine::new("i-other"), None).await;
    // And it does not go when the file no longer names it.
    broker.reload("").await;
    assert_eq!(broker.look(PATH).await["live"], true);
}

#[actix::test]
async fn an_id_with_slashes_and_colons_is_one_thing_however_it_is_written() {
    let broker = TestBroker::start("").await;
    let id = "projects/p-1:zones/z/instances/4242";
    let raw = format!("/v1/resources/google/{id}");
    let escaped = format!("/v1/resources/google/{}", id.replace('/', "%2F").replace(':', "%3A"));
    let lower = escaped.replace("%2F", "%2f");
    assert_eq!(broker.put(&raw, &declared(&["main"])).await.status, 201);
    for path in [&escaped, &lower, &raw] {
        let again = broker.put(path, &declared(&["main"])).await;
        assert_eq!((again.status, &again.json()["changed"]), (200, &json!(false)), "{path}");
        assert_eq!(again.json()["instance_id"], id);
        assert_eq!(broker.look(path).await["instance_id"], id);
    }
    let list = broker.look(&format!("/v1/resources?instance_id={}", id.replace('/', "%2F"))).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(broker.operate(Method::DELETE, &lower).await.status, 204);
    assert_eq!(broker.operate(Method::GET, &raw).await.verdict(), "404 instance-unknown");
}

#[actix::test]
async fn azure_ids_are_one_thing_in_either_case() {
    let broker = TestBroker::start("").await;
    let path = |id: &str| format!("/v1/resources/azure/{id}");
    assert_eq!(broker.put(&path("AB-cd"), &declared(&["main"])).await.status, 201);
    assert_eq!(broker.put(&path("ab-CD"), &declared(&["main"])).await.status, 200);
    for query in ["instance_id=Ab-Cd", "provider=azure&instance_id=AB-CD"] {
        let list = broker.look(&format!("/v1/resources?{query}")).await;
        assert_eq!(list["items"][0]["instance_id"], "ab-cd", "{query}");
    }
}

#[actix::test]
async fn lists_are_narrowed_and_paged_in_one_order() {
    let broker = TestBroker::start(&resource("i-file", &["main"])).await;
    for number in 0..7 {
        let agents = if number % 2 == 0 { ["main", "dev"].as_slice() } else { &["main"] };
        broker.clock.move_by(TimeDelta::milliseconds(1));
        broker.put(&format!("/v1/resources/aws/i-{number}"), &declared(agents)).await;
    }
    broker.put("/v1/resources/google/i-0", &declared(&["main"])).await;
    broker.operate(Method::DELETE, "/v1/resources/aws/i-3").await;

    let count = async |query: &str| broker.look(query).await["items"].as_array().unwrap().len();
    for (query, expected) in [
        ("/v1/resources", 9),
        ("/v1/resources?live=true", 8),
        ("/v1/resources?live=false", 1),
        ("/v1/resources?provider=google", 1),
        ("/v1/resources?instance_id=i-0", 2),
        ("/v1/resources?provider=aws&instance_id=i-0", 1),
        ("/v1/resources?provider=aws&instance_id=nobody", 0),
        ("/v1/agents", 13),
        ("/v1/agents?live=false", 1),
        ("/v1/agents?provider=aws&live=true", 11),
        ("/v1/agents?instance_id=i-0", 3),
        ("/v1/agents?connected=true", 0),
        ("/v1/agents?connected=false", 13),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }

    for path in ["/v1/resources", "/v1/agents"] {
        let whole = broker.look(path).await;
        assert_eq!(whole["next_cursor"], Value::Null);
        let (mut paged, mut next) = (Vec::new(), format!("{path}?limit=4"));
        loop {
            let page = broker.look(&next).await;
            paged.extend(page["items"].as_array().unwrap().clone());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("{path}?limit=4&cursor={cursor}");
        }
        assert_eq!(Value::Array(paged), whole["items"], "{path}");
    }
}

#[actix::test]
async fn what_comes_and_goes_meanwhile_shifts_no_page() {
    let broker = TestBroker::start("").await;
    for number in 0..6 {
        broker.clock.move_by(TimeDelta::milliseconds(1));
        broker.put(&format!("/v1/resources/aws/i-{number}"), &declared(&["main"])).await;
    }
    let first = broker.look("/v1/resources?live=true&limit=3").await;
    broker.operate(Method::DELETE, "/v1/resources/aws/i-0").await;
    broker.clock.move_by(TimeDelta::milliseconds(1));
    broker.put("/v1/resources/aws/i-6", &declared(&["main"])).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = broker.look(&format!("/v1/resources?live=true&cursor={cursor}")).await;
    let ids = rest["items"].as_array().unwrap().iter().map(|item| &item["instance_id"]);
    assert_eq!(ids.collect::<Vec<_>>(), ["i-3", "i-4", "i-5", "i-6"]);
}

#[actix::test]
async fn an_agent_is_connected_for_90_seconds_after_its_heartbeat() {
    let broker = TestBroker::start("").await;
    broker.put(PATH, &declared(&["main", "dev"])).await;
    broker.put("/v1/resources/aws/i-2", &declared(&["main"])).await;
    let token = broker.token(&AwsMachine::new(MACHINE), Some("dev")).await;
    let beat = broker.request(Method::POST, "/v1/agents/me/heartbeat").bearer_auth(&token);
    assert_eq!(send(beat).await.status, 204);
    let found = async |query: &str| {
        let list = broker.look(query).await;
        let name = |item: &Value| match &item["agents"] {
            Value::Null => item["name"].as_str().unwrap().to_owned(),
            _ => item["instance_id"].as_str().unwrap().to_owned(),
        };
        list["items"].as_array().unwrap().iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("/v1/agents?connected=true").await, "dev");
    assert_eq!(found("/v1/resources?connected=true").await, MACHINE);
    assert_eq!(found("/v1/resources?connected=false").await, "i-2");
    broker.clock.move_by(TimeDelta::seconds(89));
    assert_eq!(found("/v1/agents?connected=true").await, "dev");
    broker.clock.move_by(TimeDelta::seconds(1));
    assert_eq!(found("/v1/agents?connected=true").await, "");
    assert_eq!(found("/v1/resources?connected=true").await, "");
    let agents = broker.look(PATH).await["agents"].clone();
    assert_eq!((&agents[0]["name"], &agents[0]["connected"]), (&json!("dev"), &json!(false)));
}

#[actix::test]
async fn an_agent_is_shown_with_its_parent_live_or_retired() {
    let broker = TestBroker::start("").await;
    let body =
        json!({ "name": "n", "agents": [{ "name": "sub", "parent": "main" }, { "name": "main" }] });
    let begun = broker.put(PATH, &body).await.json();
    assert_eq!(begun["agents"][1]["parent"], "main");
    let path = format!("/v1/agents/{}", begun["agents"][1]["id"].as_str().unwrap());
    assert_eq!(broker.look(&path).await, begun["agents"][1]);
    broker.operate(Method::DELETE, PATH).await;
    let retired = broker.look(&path).await;
    assert_eq!((&retired["live"], &retired["parent"]), (&json!(false), &json!("main")));
}

#[actix::test]
async fn an_unknown_id_is_not_found() {
    let broker = TestBroker::start("").await;
    for (path, verdict) in [
        ("/v1/resources/00000000-0000-7000-8000-000000000000", "404 resource-unknown"),
        ("/v1/resources/i-0abc", "404 resource-unknown"),
        ("/v1/agents/00000000-0000-7000-8000-000000000000", "404 agent-unknown"),
        ("/v1/agents/main", "404 agent-unknown"),
        (PATH, "404 instance-unknown"),
    ] {
        assert_eq!(broker.operate(Method::GET, path).await.verdict(), verdict, "{path}");
    }
}

/// Every route of the operators: method, path, scope.
const ROUTES: [(Method, &str, &str); 7] = [
    (Method::PUT, PATH, "write"),
    (Method::DELETE, PATH, "write"),
    (Method::GET, PATH, "read"),
    (Method::GET, "/v1/resources", "read"),
    (Method::GET, "/v1/resources/00000000-0000-7000-8000-000000000000", "read"),
    (Method::GET, "/v1/agents", "read"),
    (Method::GET, "/v1/agents/00000000-0000-7000-8000-000000000000", "read"),
];

async fn call(broker: &TestBroker, (method, path, _): &(Method, &str, &str), auth: &str) -> Answer {
    let request = broker.request(method.clone(), path).json(&declared(&["main"]));
    send(if auth.is_empty() { request } else { request.header("authorization", auth) }).await
}

#[actix::test]
async fn without_an_operators_token_nothing_is_shown_or_changed() {
    let broker = TestBroker::start(&resource("i-file", &["main"])).await;
    let session = broker.token(&AwsMachine::new("i-file"), None).await;
    let strangers = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Basic {OPERATOR}"),
        format!("Bearer {session}"),
        // A beginning of the token, the token and more, and another case of it.
        format!("Bearer {}", &OPERATOR[..OPERATOR.len() - 1]),
        format!("Bearer {OPERATOR}x"),
        format!("Bearer {}", OPERATOR.to_uppercase()),
        format!("Bearer {}", "x".repeat(4000)),
        "Bearer ' OR 1=1 --".to_owned(),
    ];
    for route in &ROUTES {
        for stranger in &strangers {
            let answer = call(&broker, route, stranger).await;
            answer.assert_problem("401 token-rejected", &[]);
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.starts_with(r#"Bearer realm="callsign operators""#), "{challenge}");
            assert!(!answer.text.contains("i-file"), "{}", answer.text);
        }
    }
    assert_eq!(broker.look("/v1/resources").await["items"].as_array().unwrap().len(), 1);
}

#[actix::test]
async fn the_hash_of_a_token_is_no_token() {
    let broker = TestBroker::start("").await;
    let hash = crate::support::broker::sha256_hex(OPERATOR);
    for route in &ROUTES {
        let answer = call(&broker, route, &format!("Bearer {hash}")).await;
        assert_eq!(answer.verdict(), "401 token-rejected");
    }
}

#[actix::test]
async fn a_scope_opens_its_own_routes_only() {
    let operator = |name: &str| {
        format!(
            "[[operator]]\nname = \"{name}\"\ntoken_sha256 = \"{}\"\nscopes = [\"{name}\"]\n",
            crate::support::broker::sha256_hex(name)
        )
    };
    let broker = TestBroker::start(&(operator("read") + &operator("write"))).await;
    for route in &ROUTES {
        for token in ["read", "write"] {
            let answer = call(&broker, route, &format!("Bearer {token}")).await;
            let scope = route.2;
            if token == scope {
                assert!(![401, 403].contains(&answer.status), "{route:?} {}", answer.text);
                continue;
            }
            answer.assert_problem("403 insufficient-scope", &[]);
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.contains(&format!("scope=\"{scope}\"")), "{challenge}");
        }
    }
}
