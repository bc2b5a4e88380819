//! SIGHUP with a broken configuration leaves everything as it was; with a good one it is used.

use std::fs;

use rustix::process::Signal;

use crate::support::broker::resource;
use crate::support::process::{Served, callsign};

const COMMON: &str =
    "[http]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = \"sqlite://callsign.db?mode=rwc\"\n";

#[test]
fn a_broken_file_changes_nothing_and_the_mended_one_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let write = |toml: &str| {
        fs::write(folder.path().join("a.toml"), COMMON.to_owned() + toml).unwrap();
    };
    // What a plan against the first file says is how the registrations differ from it.
    let one = resource("i-1", &["main"]);
    fs::write(folder.path().join("first.toml"), COMMON.to_owned() + &one).unwrap();
    let differs = || {
        let arguments = ["config", "plan", "-c", "first.toml", "--output", "json"];
        String::from_utf8(callsign(folder.path(), &arguments).stdout).unwrap()
    };
    write(&one);
    let mut served = Served::start(folder.path(), &["-c", "a.toml"]);
    assert_eq!(differs().trim(), "[]");

    // Two good entries and a broken one: neither the good ones nor the missing one count.
    write(&(resource("i-2", &["main"]) + &resource("i-3", &["main"]) + &resource("", &["main"])));
    served.signal(Signal::HUP);
    let told = served.wait_for("the changed configuration is not used");
    assert!(told.contains("resource.instance_id"), "{told}");
    assert_eq!(differs().trim(), "[]");

    write(&resource("i-2", &["main"]));
    served.signal(Signal::HUP);
    served.wait_for("resources are as the configuration declares");
    let changed = differs();
    assert!(changed.contains("i-1") && changed.contains("i-2"), "{changed}");

    served.signal(Signal::TERM);
    assert!(served.wait());
}
