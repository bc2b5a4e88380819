//! Do the documents that AWS itself signed get tokens over HTTP, and their altered copies none?

use serde_json::{Value, json};

use crate::support::broker::{TestBroker, resource};
use crate::support::vectors::{Vector, of_provider};

const NATIVE: &str = "/v1/login/aws";
const COMPATIBLE: &str = "/api/v2/workspaceagents/aws-instance-identity";

/// A broker that believes AWS's own keys, with two agents on every machine of the vectors.
async fn broker(vectors: &[Vector]) -> TestBroker {
    let mut machines: Vec<(&str, &str)> =
        vectors.iter().map(|vector| (vector.id.as_str(), vector.account.as_str())).collect();
    machines.sort_unstable();
    machines.dedup();
    let machines: String = machines
        .iter()
        .map(|(id, account)| resource(id, &["main", "dev"]) + &format!("account = {account:?}\n"))
        .collect();
    TestBroker::start(&format!("identity.aws.trust = [\"builtin\"]\n{machines}")).await
}

fn pkcs7(vector: &Vector) -> Option<Value> {
    Some(json!({ "pkcs7": vector.find("rsa2048.b64")? }))
}

fn detached(vector: &Vector) -> Option<Value> {
    let signature = vector.find("signature.b64")?;
    Some(json!({ "document": vector.read("document.json"), "signature": signature }))
}

fn named(mut body: Value, name: &str) -> Value {
    body["agent_name"] = json!(name);
    body
}

#[actix::test]
async fn every_real_document_gets_each_agent_its_token() {
    let vectors = of_provider("aws");
    let broker = broker(&vectors).await;
    for vector in &vectors {
        for (body, kind) in [(pkcs7(vector), "aws:rsa2048"), (detached(vector), "aws:rsa1024")] {
            let Some(body) = body else { continue };
            for name in ["main", "dev"] {
                let answer = broker.post(NATIVE, &named(body.clone(), name)).await;
                assert_eq!(answer.status, 200, "{}: {}", vector.name, answer.text);
                let resource = &answer.json()["resource"];
                assert_eq!(resource["instance_id"], vector.id);
                assert_eq!(resource["account"], vector.account);
                let token = answer.json()["session_token"].as_str().unwrap().to_owned();
                let claims = super::session::read(&broker, &token, "callsign").await.claims;
                assert_eq!(claims["agent_name"], name);
                assert_eq!(claims["amr"], json!([kind]));
                assert_eq!(claims["instance"]["region"], vector.region);
            }
            let conflict = broker.post(NATIVE, &body).await;
            assert_eq!(conflict.verdict(), "409 agent-ambiguous", "{}", vector.name);
        }
    }
}

#[actix::test]
async fn every_real_document_works_on_the_compatible_route() {
    let vectors = of_provider("aws");
    let broker = broker(&vectors).await;
    for vector in &vectors {
        let Some(body) = detached(vector) else { continue };
        let answer = broker.post(COMPATIBLE, &named(body.clone(), "dev")).await;
        assert_eq!(answer.status, 200, "{}: {}", vector.name, answer.text);
        let message = format!(
            "Multiple agents found with instance ID \"{}\". Set CODER_AGENT_NAME to one of: dev, main",
            vector.id
        );
        assert_eq!(broker.post(COMPATIBLE, &body).await.json()["message"], message);
    }
}

#[actix::test]
async fn every_altered_copy_is_refused_on_both_routes() {
    let vectors = of_provider("aws");
    let broker = broker(&vectors).await;
    for vector in &vectors {
        for (name, content) in vector.negatives() {
            let body = if name.starts_with("document") {
                json!({ "document": content, "signature": vector.read("signature.b64") })
            } else {
                json!({ "document": vector.read("document.json"), "signature": content })
            };
            let body = named(body, "main");
            let native = broker.post(NATIVE, &body).await;
            assert_eq!(native.verdict(), "401 identity-rejected", "{} {name}", vector.name);
            let compatible = broker.post(COMPATIBLE, &body).await;
            assert_eq!(compatible.status, 401, "{} {name}", vector.name);
            assert_eq!(compatible.json()["message"], "Invalid AWS identity.");
        }
    }
}

#[actix::test]
async fn the_dsa_document_is_malformed_and_the_detail_says_what_to_send() {
    let vectors = of_provider("aws");
    let broker = broker(&vectors).await;
    for vector in &vectors {
        let Some(text) = vector.find("pkcs7.b64") else { continue };
        let answer = broker.post(NATIVE, &json!({ "pkcs7": text })).await;
        answer.assert_problem("400 malformed-request", &["field"]);
        assert_eq!(answer.json()["field"], "pkcs7");
        assert!(answer.json()["detail"].as_str().unwrap().contains("rsa2048"), "{}", answer.text);
    }
}
