//! Does every refusal have its status, code, members and headers?

use reqwest::Method;
use serde_json::json;

use crate::support::broker::{TestBroker, resource, send};
use crate::support::machine::{AwsMachine, STRANGER};

const MACHINE: &str = "i-0123456789abcdef0";
const LOGIN: &str = "/v1/login/aws";

#[actix::test]
async fn a_granted_login_tells_all_of_it_and_is_kept_by_no_cache() {
    let toml = resource(MACHINE, &["main"]) + "account = \"123456789012\"\n";
    let broker = TestBroker::start(&toml).await;
    let answer = broker.log_in(&AwsMachine::new(MACHINE), None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let mut body = answer.json();
    let token = body["session_token"].take();
    assert_eq!(token.as_str().unwrap().split('.').count(), 3);
    let ids = [body["agent"]["id"].take(), body["resource"]["id"].take()];
    for id in ids {
        id.as_str().unwrap().parse::<uuid::Uuid>().unwrap();
    }
    let expected = json!({
        "session_token": null,
        "token_type": "Bearer",
        "expires_in": 3600,
        "expires_at": "2027-01-15T09:00:00Z",
        "agent": {"id": null, "name": "main"},
        "resource": {
            "id": null,
            "name": "machine",
            "provider": "aws",
            "account": "123456789012",
            "instance_id": MACHINE,
        },
    });
    assert_eq!(body, expected);
}

#[actix::test]
async fn a_forged_proof_has_one_text_whatever_is_registered() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let now = broker.clock.now();
    let mut texts = Vec::new();
    for id in [MACHINE, "i-unknown"] {
        let pkcs7 = AwsMachine::new(id).pkcs7_by(&STRANGER, now);
        let answer = broker.post(LOGIN, &json!({ "pkcs7": pkcs7, "agent_name": "x" })).await;
        answer.assert_problem("401 identity-rejected", &[]);
        texts.push(answer.json()["detail"].clone());
    }
    let (document, _) = AwsMachine::new(MACHINE).document(now);
    let broken = json!({ "document": document, "signature": "AAAA" });
    texts.push(broker.post(LOGIN, &broken).await.json()["detail"].clone());
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
}

#[actix::test]
async fn a_machine_that_is_not_on_the_list_is_refused_only_once_it_is_proven() {
    let listed = "[identity.aws]\naccounts = [\"999999999999\"]\n";
    let broker = TestBroker::start(&(resource(MACHINE, &["main"]) + listed)).await;
    let machine = AwsMachine::new(MACHINE);
    broker.log_in(&machine, None).await.assert_problem("403 not-allowed", &[]);
    let forged = json!({ "pkcs7": machine.pkcs7_by(&STRANGER, broker.clock.now()) });
    broker.post(LOGIN, &forged).await.assert_problem("401 identity-rejected", &[]);
    let admitted = broker.log_in(&machine.in_account("999999999999"), None).await;
    assert_eq!(admitted.status, 200, "{}", admitted.text);
}

#[actix::test]
async fn a_region_that_is_not_on_the_list_is_not_allowed() {
    let listed = "[identity.aws]\nregions = [\"eu-other-1\"]\n";
    let broker = TestBroker::start(&(resource(MACHINE, &["main"]) + listed)).await;
    let answer = broker.log_in(&AwsMachine::new(MACHINE), None).await;
    answer.assert_problem("403 not-allowed", &[]);
}

#[actix::test]
async fn a_kind_of_proof_that_is_not_accepted_is_rejected() {
    let only = "[identity.aws]\naccept = [\"rsa2048\"]\n";
    let broker = TestBroker::start(&(resource(MACHINE, &["main"]) + only)).await;
    let machine = AwsMachine::new(MACHINE);
    assert_eq!(broker.log_in(&machine, None).await.status, 200);
    let (document, signature) = machine.document(broker.clock.now());
    let answer = broker.post(LOGIN, &json!({ "document": document, "signature": signature })).await;
    answer.assert_problem("401 identity-rejected", &[]);
}

#[actix::test]
async fn a_machine_that_nobody_registered_is_unknown() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let answer = broker.log_in(&AwsMachine::new("i-other"), Some("main")).await;
    answer.assert_problem("404 instance-unknown", &["instance_id"]);
    assert_eq!(answer.json()["instance_id"], "i-other");
}

#[actix::test]
async fn another_accounts_machine_of_the_same_id_is_unknown() {
    let toml = resource(MACHINE, &["main", "dev"]) + "account = \"123456789012\"\n";
    let broker = TestBroker::start(&toml).await;
    let stranger = AwsMachine::new(MACHINE).in_account("999999999999");
    for name in [None, Some("main"), Some("ghost")] {
        let answer = broker.log_in(&stranger, name).await;
        answer.assert_problem("404 instance-unknown", &["instance_id"]);
    }
    broker.reload("").await;
    let answer = broker.log_in(&stranger, None).await;
    answer.assert_problem("404 instance-unknown", &["instance_id"]);
}

#[actix::test]
async fn a_name_selects_exactly_also_when_there_is_one_agent() {
    let broker = TestBroker::start(&resource(MACHINE, &["Main"])).await;
    let machine = AwsMachine::new(MACHINE);
    for wrong in ["main", "MAIN", "Mai", "Main2", "Main\u{0}", "дев"] {
        let answer = broker.log_in(&machine, Some(wrong)).await;
        let members = ["agent_name", "agents", "instance_id"];
        answer.assert_problem("404 agent-unknown", &members);
        assert_eq!(answer.json()["agent_name"], wrong);
        assert_eq!(answer.json()["agents"], json!(["Main"]));
        assert_eq!(answer.json()["instance_id"], MACHINE);
    }
    assert_eq!(broker.log_in(&machine, None).await.status, 200);
}

#[actix::test]
async fn names_of_a_conflict_are_sorted_distinct_and_succeed_when_sent_back() {
    let agents = ["zeta", "Alpha", "beta", "beta-2", "10", "9"];
    let broker = TestBroker::start(&resource(MACHINE, &agents)).await;
    let machine = AwsMachine::new(MACHINE);
    let answer = broker.log_in(&machine, None).await;
    answer.assert_problem("409 agent-ambiguous", &["agents", "instance_id"]);
    let names = answer.json()["agents"].clone();
    assert_eq!(names, json!(["10", "9", "Alpha", "beta", "beta-2", "zeta"]));
    for name in names.as_array().unwrap() {
        broker.token(&machine, name.as_str()).await;
    }
}

#[actix::test]
async fn sub_agents_take_no_part() {
    let toml = "[[resource]]\nprovider = \"aws\"\ninstance_id = \"i-0123456789abcdef0\"\n\
                name = \"m\"\nagents = [{ name = \"main\" }, { name = \"sub\", parent = \"main\" }]\n";
    let broker = TestBroker::start(toml).await;
    let machine = AwsMachine::new(MACHINE);
    let only = broker.log_in(&machine, None).await;
    assert_eq!(only.json()["agent"]["name"], "main");
    let sub = broker.log_in(&machine, Some("sub")).await;
    assert_eq!(sub.verdict(), "404 agent-unknown");
    assert_eq!(sub.json()["agents"], json!(["main"]));
}

#[actix::test]
async fn a_retired_machine_is_gone_and_comes_back_when_it_is_registered_anew() {
    let broker = TestBroker::start(&resource(MACHINE, &["main"])).await;
    let machine = AwsMachine::new(MACHINE);
    broker.reload("").await;
    for name in [None, Some("main"), Some("ghost")] {
        let answer = broker.log_in(&machine, name).await;
        answer.assert_problem("410 instance-retired", &["instance_id"]);
        assert_eq!(answer.json()["instance_id"], MACHINE);
    }
    broker.reload(&resource(MACHINE, &["main"])).await;
    assert_eq!(broker.log_in(&machine, None).await.status, 200);
}

#[actix::test]
async fn a_provider_that_is_switched_off_is_not_enabled() {
    let broker = TestBroker::start("[identity.aws]\nenabled = false\n").await;
    let answer = broker.post(LOGIN, &json!({ "pkcs7": "AAAA" })).await;
    answer.assert_problem("404 not-enabled", &[]);
}

#[actix::test]
async fn another_path_or_method_is_told_so_in_the_same_form() {
    let broker = TestBroker::start("").await;
    for path in ["/", "/v1", "/v1/login", "/v1/login/oracle", "/v1/login/aws/", "//healthz"] {
        broker.get(path).await.assert_problem("404 not-found", &[]);
    }
    for (method, path, allowed) in [
        (Method::GET, LOGIN, "POST"),
        (Method::PUT, LOGIN, "POST"),
        (Method::OPTIONS, LOGIN, "POST"),
        (Method::POST, "/v1/agents/me", "GET"),
        (Method::GET, "/v1/agents/me/heartbeat", "POST"),
        (Method::DELETE, "/healthz", "GET"),
        (Method::POST, "/.well-known/jwks.json", "GET"),
    ] {
        let answer = send(broker.request(method.clone(), path)).await;
        answer.assert_problem("405 method-not-allowed", &[]);
        let told: Vec<&str> = answer.header("allow").unwrap_or_default().split(", ").collect();
        assert!(told.contains(&allowed), "{method} {path}: {told:?}");
    }
}

#[actix::test]
async fn a_path_that_is_no_text_is_refused_in_the_same_form() {
    let broker = TestBroker::start("").await;
    for path in ["/%ff%fe", "/v1/%00", "/v1/login/%2e%2e/aws", "/v1/login/aws%0d%0aX:%20y"] {
        let answer = broker.get(path).await;
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
}

#[actix::test]
async fn every_answer_carries_a_request_id_and_a_harmless_one_of_the_caller_is_kept() {
    let broker = TestBroker::start("").await;
    for (given, kept) in [
        ("abc-1.2_3", true),
        ("a b", false),
        ("\"", false),
        ("<script>", false),
        (&*"x".repeat(64), true),
        (&*"x".repeat(65), false),
    ] {
        for path in ["/healthz", "/nowhere"] {
            let request = broker.request(Method::GET, path).header("x-request-id", given);
            let answer = send(request).await;
            let told = answer.header("x-request-id").unwrap();
            assert_eq!(told == given, kept, "{given}: {told}");
            assert!(kept || told.parse::<uuid::Uuid>().is_ok(), "{told}");
        }
    }
}
