//! How fast does `callsign apply` register machines with a served broker?

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::program::Program;
use super::scene::instance_id;

const OPERATOR: &str = "callsign-operator-of-the-benchmark";

pub(super) fn run(dir: &Path, machines: usize, parallel: usize) {
    let (config, file) = (dir.join("apply.toml"), dir.join("machines.toml"));
    let hash: String = Sha256::digest(OPERATOR).iter().map(|byte| format!("{byte:02x}")).collect();
    let operator = format!(
        "[[operator]]\nname = \"scale\"\ntoken_sha256 = \"{hash}\"\nscopes = [\"read\", \"write\"]\n"
    );
    std::fs::write(&config, operator).unwrap();
    std::fs::write(&file, declared(machines)).unwrap();
    let config = config.to_str().unwrap();
    let program = Program::start(&dir.join("apply.db"), &[("--config", config)]);
    println!("| {machines} machines | seconds | a second |\n|---|---|---|");
    for what in ["registered", "applied again"] {
        let begun = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_callsign"))
            .args(["apply", "--file", file.to_str().unwrap()])
            .args(["--parallel", &parallel.to_string()])
            .env("CALLSIGN_URL", format!("http://{}", program.address))
            .env("CALLSIGN_OPERATOR_TOKEN", OPERATOR)
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "callsign apply failed");
        let seconds = begun.elapsed().as_secs_f64();
        println!("| {what} | {seconds:.1} | {:.0} |", machines as f64 / seconds);
    }
}

fn declared(machines: usize) -> String {
    let mut text = String::new();
    for number in 0..machines {
        writeln!(
            text,
            "[[resource]]\nprovider = \"aws\"\ninstance_id = \"{}\"\nname = \"build-{number}\"\n\
             labels = {{ team = \"build\" }}\nagents = [{{ name = \"main\" }}, {{ name = \"dev\" }}]",
            instance_id(number)
        )
        .unwrap();
    }
    text
}
