//! What all templates share, by Terraform itself: the module needs no cloud and no download, so it is
//! applied and destroyed here, with a broker. Where there is no `terraform` this tests nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::templates::{TEMPLATES, boot, examples, values};
use crate::support::broker::{OPERATOR, TestBroker, send};
use crate::support::process::copy_program;

/// The module in a folder of its own, beside what it reads.
#[derive(Debug)]
struct Module {
    folder: TempDir,
}

impl Module {
    /// With a `callsign` that asks this broker, whichever URL it is told: the module takes TLS only.
    async fn new(broker: &str) -> Self {
        let module = Self { folder: tempfile::tempdir().unwrap() };
        for part in ["agents-module", "systemd"] {
            fs::create_dir(module.path(part)).unwrap();
            for file in fs::read_dir(examples().join(part)).unwrap().map(Result::unwrap) {
                // Folders and dot files are what somebody's `terraform init` left.
                if file.path().is_file() && !file.file_name().as_encoded_bytes().starts_with(b".") {
                    fs::copy(file.path(), module.path(part).join(file.file_name())).unwrap();
                }
            }
        }
        let callsign = module.path("callsign.sh");
        let program = env!("CARGO_BIN_EXE_callsign");
        let script = format!("#!/bin/sh\nCALLSIGN_URL={broker} exec '{program}' \"$@\"\n");
        fs::write(&callsign, script).unwrap();
        fs::set_permissions(&callsign, fs::Permissions::from_mode(0o755)).unwrap();
        copy_program(&callsign, &module.path("callsign"));
        module.terraform(&["init", "-input=false"]).await;
        module
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes this so, and gives the module's outputs.
    async fn apply(&self, cloud: &str, agents: &[&str]) -> Value {
        let given = values(cloud, agents);
        let given = |name: &str| given.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        let variables = json!({
            "cloud": cloud,
            "account": "123456789012",
            "instance_id": "i-0abc",
            "name": "build-7",
            "agents": agents,
            "callsign": {
                "broker_url": given("broker_url"),
                "download_url": given("download_url"),
                "download_sha256": given("download_sha256"),
            },
        });
        let file = self.path("agents-module/test.auto.tfvars.json");
        fs::write(file, variables.to_string()).unwrap();
        self.terraform(&["apply", "-input=false", "-auto-approve"]).await;
        serde_json::from_str(&self.terraform(&["output", "-json"]).await).unwrap()
    }

    async fn terraform(&self, arguments: &[&str]) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("terraform")
            .args(arguments)
            .current_dir(self.path("agents-module"))
            .env_clear()
            .env("PATH", format!("{}:{path}", self.folder.path().display()))
            .env("HOME", self.folder.path())
            .env("CALLSIGN_OPERATOR_TOKEN", OPERATOR)
            .env("CHECKPOINT_DISABLE", "1") // it asks nobody for newer versions
            .output()
            .await
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}{error}");
        said
    }
}

/// A broker and the module that asks it; none where there is no `terraform`.
async fn scene() -> Option<(TestBroker, Module)> {
    let mut version = Command::new("terraform");
    version.arg("version").env("CHECKPOINT_DISABLE", "1"); // it asks nobody for newer ones
    if version.output().await.is_err() {
        println!("skipped: there is no terraform here");
        return None;
    }
    let broker = TestBroker::start("").await;
    let module = Module::new(&broker.service.url()).await;
    Some((broker, module))
}

/// The machine's registration, if it is live.
async fn registered(broker: &TestBroker) -> Option<Value> {
    let list = broker.request(Method::GET, "/v1/resources?live=true").bearer_auth(OPERATOR);
    send(list).await.json()["items"].as_array().unwrap().first().cloned()
}

#[actix::test]
async fn to_apply_registers_the_machine_and_to_destroy_retires_it() {
    let Some((broker, module)) = scene().await else { return };
    module.apply("aws", &["main", "dev"]).await;
    let first = registered(&broker).await.unwrap();
    assert_eq!(first["instance_id"], "i-0abc");
    assert_eq!(first["agents"].as_array().unwrap().len(), 2, "{first}");

    module.apply("aws", &["main"]).await;
    let second = registered(&broker).await.unwrap();
    assert_eq!(second["id"], first["id"], "another agent is no other machine");
    assert_eq!(second["agents"].as_array().unwrap().len(), 1, "{second}");

    module.terraform(&["destroy", "-input=false", "-auto-approve"]).await;
    assert_eq!(registered(&broker).await, None);
}

#[actix::test]
async fn terraform_renders_the_script_that_the_other_tests_look_at() {
    let Some((_broker, module)) = scene().await else { return };
    for (template, cloud) in TEMPLATES {
        let outputs = module.apply(cloud, &["main", "dev"]).await;
        assert_eq!(outputs["boot"]["value"], boot(template), "{template}");
        assert_eq!(outputs["broker_port"]["value"], 8_443);
    }
}
