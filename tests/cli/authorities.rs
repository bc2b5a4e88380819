//! Whose certificates count on a machine, as the program itself goes by them.

use std::fs;

use crate::support::process::command;

#[test]
fn a_machine_without_authorities_asks_a_broker_over_tls_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("none.pem"), "").unwrap();
    let output = command(folder.path())
        .args([
            "agent",
            "doctor",
            "--url",
            "https://127.0.0.1:1",
            "--auth",
            "aws-instance-identity",
        ])
        .env("SSL_CERT_FILE", "none.pem")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let broker = told.lines().find(|line| line.contains(" broker ")).unwrap_or(&told);
    assert!(broker.contains("cannot be reached") && broker.contains("refused"), "{told}");
    assert_eq!(output.status.code(), Some(13));
}
